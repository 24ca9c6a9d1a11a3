/** A file of its own in `dist`, which runs that do not verify signatures do not load. */
export { createSignedFileCheck } from '@signstash-connect/verify';
