import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceName } from '../endpoints.ts';
import type { FaultTarget } from '../faults/fault-queue.ts';
import { injectWhileProcessing } from '../faults/inject.ts';
import type { SandboxState } from '../state.ts';
import { streamJson } from '../wire/contents-answer.ts';
import { countBytes } from '../wire/count-bytes.ts';
import { limited } from '../wire/read-body.ts';
import { readMultipartSignRequest } from '../wire/read-multipart.ts';
import { readSignRequest } from '../wire/read-sign-request.ts';
import type { SignRequest } from '../wire/sign-request.ts';
import { refuseTooLarge } from './body-limit.ts';
import type { Operation } from './operation.ts';
import type { SignedContents } from './operation-executor.ts';
import { signOperationView } from './views.ts';

type SignEndpoint = 'sign' | 'signMultipart';

/** The two sign endpoints, which the Integration Service and the proxy have in common. */
export async function signRoutes(
  app: FastifyInstance,
  { state, service }: { state: SandboxState; service: ServiceName },
): Promise<void> {
  const { maxBodyBytes, unknownFields } = state.options;
  const everything = Number.MAX_SAFE_INTEGER;
  await app.register(multipart, {
    preservePath: true,
    limits: { fieldSize: maxBodyBytes, fileSize: maxBodyBytes, files: everything, parts: everything },
  });
  // Handlers read the stream themselves: a body of 500 MB must not become one string.
  app.addContentTypeParser('application/json', (_request, _payload, done) => done(null));

  const post = (endpoint: SignEndpoint, path: string, read: (request: FastifyRequest) => Promise<SignRequest>) =>
    app.post(
      path,
      { config: { target: { endpoint, service } }, onRequest: refuseTooLarge(maxBodyBytes) },
      async (request, reply) => {
        countBytes(request);
        return sign({ endpoint, service }, request, reply, await read(request));
      },
    );
  post('sign', '/api/v0/document/sign/base64', ({ raw }) => readSignRequest(limited(raw, maxBodyBytes), unknownFields));
  post('signMultipart', '/api/v0/document/sign', (request) => readMultipartSignRequest(request, unknownFields));

  /** The body has arrived: from here on the work is completed, even if the client no longer waits for the answer. */
  async function sign(target: FaultTarget, request: FastifyRequest, reply: FastifyReply, body: SignRequest) {
    const operation = state.executor.register(body, target);
    await injectWhileProcessing(state, request, reply);
    const signed = await state.executor.execute(operation, target);
    if (reply.sent) return reply;
    // The proxy stores nothing, so it returns contents even if they were not requested.
    const withContent = body.returnSignedContent || target.service === 'proxy';
    return answer(reply, operation, target, withContent ? signed : new Map());
  }

  function answer(reply: FastifyReply, operation: Operation, target: FaultTarget, contents: SignedContents) {
    const { byteLength, stream, outline } = streamJson((slot) =>
      signOperationView(operation, state.view, target, (document) => {
        const content = state.answeredContent.of(document, contents.get(document), target);
        return content && slot(content);
      }),
    );
    reply.request.answerOutline = outline;
    return reply.type('application/json').header('content-length', byteLength).send(stream);
  }
}
