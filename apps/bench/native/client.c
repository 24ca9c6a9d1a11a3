/*
 * The least that a client has to do, without a runtime: read documents, encode them, post them, parse the answer, decode the
 * signed contents, write each under a temporary name and rename it. One thread per concurrent request, buffers are reused.
 *
 * client json|multipart URL OUTPUT BATCH_SIZE THREADS LIST   (LIST: a file with one document path per line)
 */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct buffer { char *data; size_t length, capacity; };

static const char *url, *output;
static int multipart;
static char **paths;
static size_t count, batch_size, next_batch, written;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t decode_table[256];

static void fail(const char *what) { fprintf(stderr, "Error: %s\n", what); exit(1); }

static char *reserve(struct buffer *buffer, size_t more) {
  if (buffer->length + more > buffer->capacity) {
    while (buffer->length + more > buffer->capacity) buffer->capacity = buffer->capacity ? buffer->capacity * 2 : 1 << 16;
    buffer->data = realloc(buffer->data, buffer->capacity);
    if (!buffer->data) fail("out of memory");
  }
  return buffer->data + buffer->length;
}

static void append(struct buffer *buffer, const char *text, size_t length) {
  memcpy(reserve(buffer, length), text, length);
  buffer->length += length;
}

static void append_text(struct buffer *buffer, const char *text) { append(buffer, text, strlen(text)); }

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void append_base64(struct buffer *buffer, const uint8_t *bytes, size_t length) {
  char *out = reserve(buffer, (length + 2) / 3 * 4), *start = out;
  size_t at = 0;
  for (; at + 2 < length; at += 3, out += 4) {
    uint32_t group = bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
    out[0] = alphabet[group >> 18]; out[1] = alphabet[group >> 12 & 63]; out[2] = alphabet[group >> 6 & 63]; out[3] = alphabet[group & 63];
  }
  if (at < length) {
    uint32_t group = bytes[at] << 16 | (at + 1 < length ? bytes[at + 1] << 8 : 0);
    out[0] = alphabet[group >> 18]; out[1] = alphabet[group >> 12 & 63]; out[2] = at + 1 < length ? alphabet[group >> 6 & 63] : '='; out[3] = '=';
    out += 4;
  }
  buffer->length += out - start;
}

/* Decodes in place. Returns the number of bytes. */
static size_t decode_base64(char *text, size_t length) {
  uint8_t *out = (uint8_t *)text;
  const uint8_t *in = (const uint8_t *)text;
  while (length > 0 && text[length - 1] == '=') length--;
  size_t at = 0;
  for (; at + 3 < length; at += 4, out += 3) {
    uint32_t group = decode_table[in[at]] << 18 | decode_table[in[at + 1]] << 12 | decode_table[in[at + 2]] << 6 | decode_table[in[at + 3]];
    out[0] = group >> 16; out[1] = group >> 8; out[2] = group;
  }
  if (length - at >= 2) *out++ = decode_table[in[at]] << 2 | decode_table[in[at + 1]] >> 4;
  if (length - at == 3) *out++ = decode_table[in[at + 1]] << 4 | decode_table[in[at + 2]] >> 2;
  return out - (uint8_t *)text;
}

static void read_file(const char *path, struct buffer *buffer) {
  int file = open(path, O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status) < 0) fail(path);
  buffer->length = 0;
  char *to = reserve(buffer, status.st_size);
  while (buffer->length < (size_t)status.st_size) {
    ssize_t got = read(file, to + buffer->length, status.st_size - buffer->length);
    if (got <= 0) fail(path);
    buffer->length += got;
  }
  close(file);
}

static void write_file(const char *name, size_t name_length, const char *bytes, size_t length) {
  char path[4096], temporary[4200];
  snprintf(path, sizeof path, "%s/%.*s", output, (int)name_length, name);
  snprintf(temporary, sizeof temporary, "%s.part", path);
  int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (file < 0) fail(temporary);
  for (size_t at = 0; at < length;) {
    ssize_t put = write(file, bytes + at, length - at);
    if (put <= 0) fail(temporary);
    at += put;
  }
  close(file);
  if (rename(temporary, path) < 0) fail(path);
}

static size_t receive(char *bytes, size_t size, size_t items, void *target) {
  append(target, bytes, size * items);
  return size * items;
}

static const char *base_name(const char *path) { const char *slash = strrchr(path, '/'); return slash ? slash + 1 : path; }

static void append_entry(struct buffer *body, const char *path, struct buffer *content) {
  const char *name = base_name(path);
  append_text(body, "{\"documentRequest\":{\"externalReference\":\"");
  append_text(body, name);
  append_text(body, "\",\"name\":\"");
  append_text(body, name);
  append_text(body, "\",\"contentType\":\"application/pdf\"");
  if (content) {
    append_text(body, ",\"base64Content\":\"");
    append_base64(body, (const uint8_t *)content->data, content->length);
    append_text(body, "\"");
  }
  append_text(body, "},\"signatureInfo\":{\"signatureType\":\"PAdES\",\"applyTimestamp\":false}}");
}

static void build_body(struct buffer *body, struct buffer *file, size_t from, size_t to) {
  char head[256];
  body->length = 0;
  if (multipart) append_text(body, "--bench-boundary\r\nContent-Disposition: form-data; name=\"signRequest\"\r\nContent-Type: application/json\r\n\r\n");
  snprintf(head, sizeof head, "{\"externalReference\":\"request-%zu\",\"description\":\"bench\",\"returnSignedContent\":true,\"documents\":[", from);
  append_text(body, head);
  for (size_t index = from; index < to; index++) {
    if (index > from) append_text(body, ",");
    if (!multipart) read_file(paths[index], file);
    append_entry(body, paths[index], multipart ? NULL : file);
  }
  append_text(body, "]}");
  if (!multipart) return;
  for (size_t index = from; index < to; index++) {
    append_text(body, "\r\n--bench-boundary\r\nContent-Disposition: form-data; name=\"files\"; filename=\"");
    append_text(body, base_name(paths[index]));
    append_text(body, "\"\r\nContent-Type: application/pdf\r\n\r\n");
    read_file(paths[index], file);
    append(body, file->data, file->length);
  }
  append_text(body, "\r\n--bench-boundary--\r\n");
}

static size_t save_answer(struct buffer *answer) {
  static const char reference_mark[] = "\"externalReference\":\"", content_mark[] = "\"signedContent\":\"";
  size_t saved = 0;
  append(answer, "", 1);
  for (char *at = answer->data; (at = strstr(at, reference_mark)); saved++) {
    char *reference = at + sizeof reference_mark - 1, *reference_end = strchr(reference, '"');
    char *content = reference_end ? strstr(reference_end, content_mark) : NULL;
    if (!content) fail("the answer has no content");
    content += sizeof content_mark - 1;
    char *end = strchr(content, '"');
    if (!end) fail("the answer is truncated");
    at = end + 1;
    write_file(reference, reference_end - reference, content, decode_base64(content, end - content));
  }
  return saved;
}

static void *work(void *unused) {
  (void)unused;
  struct buffer body = {0}, answer = {0}, file = {0};
  char endpoint[2048];
  snprintf(endpoint, sizeof endpoint, "%s/api/api/v0/document/%s", url, multipart ? "sign/" : "sign/base64/");
  CURL *curl = curl_easy_init();
  struct curl_slist *headers = curl_slist_append(NULL, multipart ? "content-type: multipart/form-data; boundary=bench-boundary" : "content-type: application/json");
  headers = curl_slist_append(headers, "authorization: Bearer token");
  headers = curl_slist_append(headers, "expect:");
  curl_easy_setopt(curl, CURLOPT_URL, endpoint);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 524288L);
  for (;;) {
    pthread_mutex_lock(&lock);
    size_t from = next_batch;
    next_batch = from + batch_size < count ? from + batch_size : count;
    size_t to = next_batch;
    pthread_mutex_unlock(&lock);
    if (from >= count) break;
    build_body(&body, &file, from, to);
    answer.length = 0;
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.length);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data);
    CURLcode result = curl_easy_perform(curl);
    if (result != CURLE_OK) fail(curl_easy_strerror(result));
    size_t saved = save_answer(&answer);
    pthread_mutex_lock(&lock);
    written += saved;
    pthread_mutex_unlock(&lock);
  }
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  return NULL;
}

static double seconds(struct timeval time) { return time.tv_sec + time.tv_usec / 1e6; }

int main(int arguments, char **argument) {
  if (arguments != 7) fail("usage: client json|multipart URL OUTPUT BATCH_SIZE THREADS LIST");
  multipart = strcmp(argument[1], "multipart") == 0;
  url = argument[2];
  output = argument[3];
  batch_size = strtoul(argument[4], NULL, 10);
  size_t threads = strtoul(argument[5], NULL, 10);
  memset(decode_table, 0, sizeof decode_table);
  for (int value = 0; value < 64; value++) decode_table[(uint8_t)alphabet[value]] = value;
  FILE *list = fopen(argument[6], "r");
  if (!list) fail(argument[6]);
  size_t capacity = 0;
  char line[4096];
  while (fgets(line, sizeof line, list)) {
    line[strcspn(line, "\n")] = 0;
    if (count == capacity) paths = realloc(paths, (capacity = capacity ? capacity * 2 : 1024) * sizeof *paths);
    paths[count++] = strdup(line);
  }
  fclose(list);
  curl_global_init(CURL_GLOBAL_ALL);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  pthread_t ids[64];
  if (threads < 1 || threads > 64) fail("THREADS must be between 1 and 64");
  for (size_t index = 0; index < threads; index++) pthread_create(&ids[index], NULL, work, NULL);
  for (size_t index = 0; index < threads; index++) pthread_join(ids[index], NULL);
  clock_gettime(CLOCK_MONOTONIC, &end);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double ms = (end.tv_sec - start.tv_sec) * 1e3 + (end.tv_nsec - start.tv_nsec) / 1e6;
  printf("{\"documents\":%zu,\"ms\":%.3f,\"cpuMs\":%.3f,\"peakRss\":%ld}\n", written, ms,
         (seconds(usage.ru_utime) + seconds(usage.ru_stime)) * 1e3, usage.ru_maxrss * 1024L);
  return written == count ? 0 : 1;
}
