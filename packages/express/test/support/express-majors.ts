import type express from 'express';
import express4 from 'express4';
import express5 from 'express5';

/** Every behaviour is tested on both. */
export const majors: [name: string, create: typeof express][] = [
  ['Express 4', express4 as unknown as typeof express],
  ['Express 5', express5 as unknown as typeof express],
];
