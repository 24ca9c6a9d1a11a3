import { describeConformance } from '@signstash-connect/testing/conformance';
import { vi } from 'vitest';
import { createDriver, traits } from './support/conformance-driver.ts';

/** The node waits with n8n's own timer, up to a minute between two attempts; here that is about a second. */
vi.mock('n8n-workflow', async (original) => {
  const workflow = await original<typeof import('n8n-workflow')>();
  const sleep: typeof workflow.sleep = (milliseconds, signal) => workflow.sleep(milliseconds / 50, signal);
  return { ...workflow, sleep };
});

describeConformance('the n8n node', traits, createDriver);
