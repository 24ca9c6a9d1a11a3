import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@signstash-connect/testing';
import { describe, expect, it } from 'vitest';
import type { CliIo } from '../../src/io.ts';
import { createProgram } from '../../src/program.ts';
import { loadSettings } from '../../src/settings.ts';
import { readRecipe, readYaml, readYamlDocuments, recipeNames } from './recipe-files.ts';

interface Recipe {
  /** Arguments of each `signstash` command in it. */
  readonly commands: readonly (readonly string[])[];
  /** Its `SIGNSTASH_*` variables. */
  readonly env: Readonly<Record<string, string>>;
}

const recipes: Readonly<Record<string, Recipe>> = {
  'systemd/signstash-watch.service': {
    commands: splitAfter(
      readRecipe('systemd/signstash-watch.service'),
      /^ExecStart=\/usr\/local\/bin\/signstash (.*)$/gm,
    ),
    env: {
      ...assignments(readRecipe('systemd/signstash.env'), /^(SIGNSTASH_\w+)=(.*)$/gm),
      ...assignments(readRecipe('systemd/signstash-watch.service'), /^Environment=(SIGNSTASH_\w+)=(.*)$/gm),
    },
  },
  'docker/Dockerfile': { commands: [dockerfileArguments()], env: {} },
  'docker/compose.yaml': composeRecipe(),
  'kubernetes/signstash-watch.yaml': kubernetesRecipe(),
  'windows/signstash-watch.xml': {
    commands: splitAfter(readRecipe('windows/signstash-watch.xml'), /<arguments>"[^"]*\\main\.js" (.*)<\/arguments>/g),
    env: assignments(readRecipe('windows/signstash-watch.xml'), /<env name="(SIGNSTASH_\w+)" value="(.*)"\/>/g),
  },
  'gitlab/gitlab-ci.yml': gitlabRecipe(),
  'jenkins/Jenkinsfile': {
    commands: splitAfter(readRecipe('jenkins/Jenkinsfile'), /\bsh "signstash (.*)"$/gm),
    env: assignments(readRecipe('jenkins/Jenkinsfile'), /^\s*(SIGNSTASH_\w+) = (?:credentials\()?'(.*)'\)?$/gm),
  },
};

it('every recipe has a command that is checked here', () => {
  const settings = ['README.md', 'systemd/signstash.env'];
  expect(Object.keys(recipes).sort()).toEqual(recipeNames().filter((name) => !settings.includes(name)));
  for (const { commands } of Object.values(recipes)) expect(commands).toHaveLength(1);
});

describe.each(Object.entries(recipes))('%s', (_, { commands }) => {
  it.each(commands.map((args) => [args.join(' '), args] as const))(
    'runs a command that exists: %s',
    async (_, args) => {
      const parsed = await parse(args);
      expect(parsed).toMatchObject(
        args[0] === 'watch'
          ? {
              name: 'watch',
              args: [expect.stringMatching(/^(\/data|\/var\/lib\/signstash|%BASE%\\data)$/)],
              healthPort: 8080,
            }
          : { name: 'sign', args: ['invoices/*.pdf'], out: 'signed', report: 'report.csv' },
      );
    },
  );
});

it.each(Object.entries(recipes).filter(([, { env }]) => Object.keys(env).length > 0))(
  '%s sets the variables that the command needs',
  async (_, { env }) => {
    const secretFile = join(temporaryFolder(), 'client-secret');
    writeFileSync(secretFile, 'secret-of-test\n');
    const given = { ...env };
    if (given.SIGNSTASH_CLIENT_SECRET_FILE) given.SIGNSTASH_CLIENT_SECRET_FILE = secretFile;
    else given.SIGNSTASH_CLIENT_SECRET = 'secret-of-test';
    const settings = await loadSettings({}, testIo(given));
    const { environment, credentials } = await settings
      .connection()
      .then(({ environment, clientId, clientSecret }) => ({
        environment,
        credentials: [clientId, clientSecret],
      }));
    expect(environment).toBe('staging');
    expect(credentials).toEqual([given.SIGNSTASH_CLIENT_ID, 'secret-of-test']);
    expect(Object.keys(given).sort()).toEqual([
      'SIGNSTASH_CLIENT_ID',
      given.SIGNSTASH_CLIENT_SECRET ? 'SIGNSTASH_CLIENT_SECRET' : 'SIGNSTASH_CLIENT_SECRET_FILE',
      'SIGNSTASH_ENVIRONMENT',
    ]);
  },
);

it('a flag that does not exist is found', async () => {
  await expect(parse(['sign', 'a.pdf', '--output', 'signed'])).rejects.toThrow(/unknown option '--output'/);
});

/** What the program understands of a command line; runs nothing. */
async function parse(args: readonly string[]) {
  const program = await createProgram(testIo());
  let parsed: object | undefined;
  for (const command of program.commands) {
    command.action(() => {
      parsed = { name: command.name(), args: command.args, ...command.opts() };
    });
  }
  await program.parseAsync(args, { from: 'user' });
  return parsed;
}

function testIo(env: Readonly<Record<string, string>> = {}): CliIo {
  const nowhere = { write: () => true };
  const signal = new AbortController().signal;
  return { stdout: nowhere, stderr: nowhere, env, cwd: temporaryFolder(), signal, exitCode: 0 };
}

/** The arguments after each match, split as a shell does. */
function splitAfter(text: string, pattern: RegExp): string[][] {
  return [...text.matchAll(pattern)].map(([, line]) =>
    [...(line as string).matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
      ([, single, double, bare]) => single ?? double ?? bare ?? '',
    ),
  );
}

function assignments(text: string, pattern: RegExp): Record<string, string> {
  return Object.fromEntries([...text.matchAll(pattern)].map(([, name, value]) => [name, value]));
}

function dockerfileArguments(): string[] {
  const text = readRecipe('docker/Dockerfile');
  const list = (instruction: string) =>
    JSON.parse(new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(text)?.[1] ?? '[]');
  expect(list('ENTRYPOINT')).toEqual(['signstash']);
  return list('CMD');
}

function composeRecipe(): Recipe {
  const [service] = Object.values<{ command: string[]; environment: Record<string, string> }>(
    readYaml('docker/compose.yaml').services,
  );
  return { commands: [service?.command ?? []], env: service?.environment ?? {} };
}

function kubernetesRecipe(): Recipe {
  const [, deployment] = readYamlDocuments('kubernetes/signstash-watch.yaml');
  const [{ args, env }] = deployment.spec.template.spec.containers;
  return {
    commands: [args],
    env: Object.fromEntries(env.map(({ name, value }: { name: string; value: string }) => [name, value])),
  };
}

function gitlabRecipe(): Recipe {
  const { script, variables } = readYaml('gitlab/gitlab-ci.yml')['sign-invoices'];
  // The identifier and the secret are variables of the project.
  return {
    commands: splitAfter(script.join('\n'), /^signstash (.*)$/gm),
    env: { ...variables, SIGNSTASH_CLIENT_ID: 'my-client-service' },
  };
}
