import type { FastifyInstance, FastifyReply } from 'fastify';
import type { EndpointName } from '../endpoints.ts';
import type { SandboxState } from '../state.ts';
import { ApiError, apiErrors } from '../wire/api-error.ts';
import { streamJson } from '../wire/contents-answer.ts';
import { countBytes } from '../wire/count-bytes.ts';
import { readJson } from '../wire/read-body.ts';
import { schemaCheck } from '../wire/validate.ts';
import { documentsZip } from './documents-zip.ts';
import type { Operation } from './operation.ts';
import { baseOperationView, operationIdView, signOperationView } from './views.ts';

const checkReceivers = schemaCheck<string[]>('MailReceivers');

/** Everything but signing: only the Integration Service has it, not the proxy. */
export async function consultRoutes(app: FastifyInstance, { state }: { state: SandboxState }): Promise<void> {
  const { operations, contents, executor, answeredContent, counts, view, options } = state;
  const target = (endpoint: EndpointName) => ({ config: { target: { endpoint, service: 'saas' as const } } });
  app.addContentTypeParser('application/json', (_request, _payload, done) => done(null));

  app.get<{ Params: { reference: string } }>(
    '/api/v0/operation/id/withDocumentExternalReference/:reference',
    target('operationId'),
    async ({ params }, reply) => {
      const operation = operations.findByDocument(params.reference);
      if (!operation) return notFound(params.reference, reply);
      return reply.type('application/json').send(JSON.stringify(operationIdView(operation)));
    },
  );

  app.get<{ Params: { id: string } }>('/api/v0/operation/status/:id', target('status'), async ({ params }) => {
    const operation = operations.get(params.id);
    await executor.poll(operation);
    return baseOperationView(operation, view);
  });

  app.get<{ Params: { id: string; contentInResponse: string } }>(
    '/api/v0/operation/sign/detail/:id/contentInResponse/:contentInResponse',
    target('detail'),
    async (request, reply) => {
      const { params } = request;
      const detailTarget = { endpoint: 'detail', service: 'saas' } as const;
      const withContent = asBoolean('contentInResponse', params.contentInResponse);
      const operation = operations.get(params.id);
      await executor.poll(operation);
      const { byteLength, stream, outline } = streamJson((slot) =>
        signOperationView(operation, view, detailTarget, (document) => {
          const stored = withContent ? contents.get(document) : undefined;
          const content = answeredContent.of(document, stored, detailTarget);
          return content && slot(content);
        }),
      );
      request.answerOutline = outline;
      return reply.type('application/json').header('content-length', byteLength).send(stream);
    },
  );

  app.get<{ Params: { id: string } }>(
    '/api/v0/operation/sign/detail/:id/documents',
    target('documents'),
    async ({ params }, reply) => {
      const entries = storedDocuments(operations.get(params.id));
      if (entries.length === 0) throw apiErrors.contentNotStored(params.id);
      return reply.type('application/zip').send(documentsZip(entries));
    },
  );

  app.post<{ Params: { id: string; attachDocuments: string } }>(
    '/api/v0/delivery/mail/resend/:id/:attachDocuments',
    target('resendMail'),
    async (request, reply) => {
      asBoolean('attachDocuments', request.params.attachDocuments);
      countBytes(request);
      const receivers = checkReceivers(await readJson(request.raw), 'refuse');
      operations.get(request.params.id);
      counts.mailsResent += receivers.length;
      return reply.send();
    },
  );

  /** No source documents how the service answers for an unknown reference. */
  function notFound(reference: string, reply: FastifyReply) {
    const error = apiErrors.referenceNotFound(reference);
    switch (options.lookupNotFound) {
      case '404':
        throw error;
      case '204':
        return reply.code(204).send();
      case 'null':
        return reply.type('application/json').send('null');
      case 'empty':
        return reply.send();
      case 'error-500':
        throw new ApiError(500, '0.0.1', 'Unhandled error.', `${error.message} ${error.causeMessage}`);
    }
  }

  function storedDocuments({ documents }: Operation) {
    return documents.flatMap((document) => {
      const documentsTarget = { endpoint: 'documents', service: 'saas' } as const;
      const content = answeredContent.of(document, contents.get(document), documentsTarget);
      return content ? [{ reference: document.reference, name: document.name, content }] : [];
    });
  }
}

/** In upper or lower case: a real client writes `True`. */
function asBoolean(name: string, value: string): boolean {
  const lower = value.toLowerCase();
  if (lower !== 'true' && lower !== 'false') throw apiErrors.invalid(`${name} must be true or false`);
  return lower === 'true';
}
