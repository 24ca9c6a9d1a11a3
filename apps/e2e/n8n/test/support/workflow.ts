import type { Sandbox } from '@signstash-connect/sandbox';

export interface WorkflowNode {
  name: string;
  type: string;
  typeVersion: number;
  position: [number, number];
  parameters: Record<string, unknown>;
  credentials?: Record<string, { id: string; name: string }>;
  onError?: 'continueRegularOutput' | 'continueErrorOutput';
  id?: string;
  retryOnFail?: boolean;
  maxTries?: number;
  waitBetweenTries?: number;
}

/** A workflow as n8n imports it. */
export interface Workflow {
  id: string;
  name: string;
  active: boolean;
  settings: Record<string, unknown>;
  nodes: WorkflowNode[];
  connections: Record<string, { main: { node: string; type: 'main'; index: number }[][] }>;
}

export interface CredentialFile {
  id: string;
  name: string;
  type: string;
  data: Record<string, unknown>;
}

export const credentialReference = { signStashOAuth2Api: { id: 'signStashTest', name: "Sign'Stash" } };

export function credentialFor(sandbox: Sandbox, changes: Partial<CredentialFile> = {}, data = {}): CredentialFile {
  return {
    ...credentialReference.signStashOAuth2Api,
    type: 'signStashOAuth2Api',
    ...changes,
    data: {
      environment: 'custom',
      tokenUrl: sandbox.tokenUrl,
      apiUrl: sandbox.apiUrl,
      clientId: sandbox.clientId,
      clientSecret: sandbox.clientSecret,
      ...data,
    },
  };
}

/** A file that a test workflow contains. */
export interface TestFile {
  name: string;
  mimeType: string;
  bytes: Uint8Array;
}

/** A workflow that turns files into items, one each, and runs a chain of nodes on them. */
export function filesThrough(id: string, files: readonly TestFile[], ...nodes: WorkflowNode[]): Workflow {
  const list = files.map(({ name, mimeType, bytes }) => ({
    name,
    mimeType,
    b64: Buffer.from(bytes).toString('base64'),
  }));
  return chain(id, [
    { ...step('Start', 'n8n-nodes-base.manualTrigger', 1, {}) },
    step('List', 'n8n-nodes-base.set', 3.4, { mode: 'raw', jsonOutput: JSON.stringify({ files: list }), options: {} }),
    step('Split', 'n8n-nodes-base.splitOut', 1, { fieldToSplitOut: 'files', options: {} }),
    step('File', 'n8n-nodes-base.convertToFile', 1.1, {
      operation: 'toBinary',
      sourceProperty: 'b64',
      options: { fileName: '={{ $json.name }}', mimeType: '={{ $json.mimeType }}' },
    }),
    ...nodes,
  ]);
}

/** Nodes in a row, each fed by the one before. */
export function chain(id: string, nodes: WorkflowNode[]): Workflow {
  return {
    id,
    name: id,
    active: false,
    settings: { executionOrder: 'v1' },
    nodes: nodes.map((node, index) => ({ ...node, position: [index * 220, 0] })),
    connections: Object.fromEntries(
      nodes
        .slice(1)
        .map((node, index) => [nodes[index]?.name, { main: [[{ node: node.name, type: 'main' as const, index: 0 }]] }]),
    ),
  };
}

export function step(
  name: string,
  type: string,
  typeVersion: number,
  parameters: Record<string, unknown>,
): WorkflowNode {
  return { name, type, typeVersion, position: [0, 0], parameters };
}

/** Our node, under the name it has when it is installed. */
export function signStash(
  name: string,
  parameters: Record<string, unknown> = {},
  more: Partial<WorkflowNode> = {},
): WorkflowNode {
  return {
    ...step(name, 'n8n-nodes-signstash.signStash', 1, { resource: 'document', operation: 'sign', ...parameters }),
    credentials: credentialReference,
    ...more,
  };
}

/** Our node as n8n hands it to agents. */
export function signStashTool(name: string): WorkflowNode {
  return { ...step(name, 'n8n-nodes-signstash.signStashTool', 1, {}), credentials: credentialReference };
}
