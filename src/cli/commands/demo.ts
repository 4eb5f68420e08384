import type { Latencies } from '../../demo/application.ts';
import { runDemo } from '../../demo/run.ts';
import { EXIT, FerrataError } from '../../errors.ts';
import { type Command, flag, text } from '../command.ts';
import { duration, table } from '../print/layout.ts';
import { printProof } from '../print/proof.ts';

export const demoCommand: Command = {
  name: 'demo',
  summary: 'See a live database changed and changed back',
  description:
    'Starts a PostgreSQL of its own with a shop that is in use, takes one change through every phase and back, and shows how a second one is refused.',
  examples: ['ferrata demo', 'ferrata demo --orders 50000', 'ferrata demo --keep'],
  options: [
    { flags: '--orders <n>', description: 'orders in the shop', default: '500000' },
    { flags: '--clients <n>', description: 'clients that use it meanwhile', default: '6' },
    { flags: '--keep', description: 'leave the server running and say how to connect' },
  ],
  async run(invocation, context) {
    const orders = wholeNumber(text(invocation, 'orders'), '--orders');
    const clients = wholeNumber(text(invocation, 'clients'), '--clients');
    const { palette: p, width } = context;
    const say = (line: string) => (context.json ? context.say(line) : process.stdout.write(`${line}\n`));
    const result = await runDemo(
      { orders, clients, keep: flag(invocation, 'keep') },
      {
        chapter: (title) => say(`\n${p.bold(title)}`),
        line: (line) => say(`  ${line}`),
        proof: (proof) => say(printProof(proof, p, width - 2).replace(/^/gm, '  ')),
      },
    );
    context.result({ demo: result }, () =>
      [
        '',
        p.bold('What the application saw'),
        table(
          [
            ['', 'transactions', 'p50', 'p99', 'longest stall', 'errors'].map((head) => p.dim(head)),
            row('before', result.before),
            row('during', result.during),
          ],
          width,
        ),
        '',
        ...(result.report === null ? [] : [`report: ${result.report}`]),
        ...(result.url === null
          ? []
          : [`The server is still running: psql '${result.url}'`, `project: ${result.folder}`]),
        p.dim(`done in ${duration(result.ms)}`),
      ].join('\n'),
    );
    return EXIT.done;
  },
};

function row(name: string, latencies: Latencies): string[] {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  return [
    name,
    latencies.transactions.toLocaleString('en-US'),
    ms(latencies.p50),
    ms(latencies.p99),
    ms(latencies.longest),
    String(latencies.errors.length),
  ];
}

function wholeNumber(value: string | null, option: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new FerrataError('usage', `${option} takes a whole number from 1 on, not \`${value}\`.`);
}
