import type { FastifyInstance } from 'fastify';
import type { EndpointName } from '../endpoints.ts';
import type { SandboxState } from '../state.ts';
import { apiErrors } from '../wire/api-error.ts';
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
  const { operations, contents, desk, counts, view } = state;
  const target = (endpoint: EndpointName) => ({ config: { target: { endpoint, service: 'saas' as const } } });
  app.addContentTypeParser('application/json', (_request, _payload, done) => done(null));

  app.get<{ Params: { reference: string } }>(
    '/api/v0/operation/id/withDocumentExternalReference/:reference',
    target('operationId'),
    async ({ params }, reply) =>
      reply.type('application/json').send(JSON.stringify(operationIdView(operations.withDocument(params.reference)))),
  );

  app.get<{ Params: { id: string } }>('/api/v0/operation/status/:id', target('status'), async ({ params }) => {
    const operation = operations.get(params.id);
    await desk.poll(operation);
    return baseOperationView(operation, view);
  });

  app.get<{ Params: { id: string; contentInResponse: string } }>(
    '/api/v0/operation/sign/detail/:id/contentInResponse/:contentInResponse',
    target('detail'),
    async ({ params }, reply) => {
      const withContent = asBoolean('contentInResponse', params.contentInResponse);
      const operation = operations.get(params.id);
      await desk.poll(operation);
      const { byteLength, stream } = streamJson((slot) =>
        signOperationView(operation, view, (document) => {
          const content = withContent ? contents.get(document) : undefined;
          return content && slot(content);
        }),
      );
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
      const receivers = checkReceivers(await readJson(request.raw));
      operations.get(request.params.id);
      counts.mailsResent += receivers.length;
      return reply.send();
    },
  );

  function storedDocuments({ documents }: Operation) {
    return documents.flatMap((document) => {
      const content = contents.get(document);
      return content ? [{ reference: document.reference, name: document.name, content }] : [];
    });
  }
}

function asBoolean(name: string, value: string): boolean {
  if (value !== 'true' && value !== 'false') throw apiErrors.invalid(`${name} must be true or false`);
  return value === 'true';
}
