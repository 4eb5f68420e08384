import { EXIT, FerrataError } from '../../errors.ts';
import { proofToJson } from '../../prepare/proof.ts';
import { rehearseMigrations } from '../../workflow/rehearse.ts';
import { type Command, flag, list, text } from '../command.ts';
import { printProof } from '../print/proof.ts';

const SOURCES = ['backup', 'sample', 'synthetic', 'none'] as const;

export const rehearseCommand: Command = {
  name: 'rehearse',
  arguments: '[id...]',
  summary: 'Prove the rollback on a scratch copy',
  description:
    'Runs migrations on a scratch copy, forward and back from every rollback point, compares schema and data, and keeps the proof. Without ids: every pending migration.',
  examples: [
    'ferrata rehearse',
    'ferrata rehearse 20261120093000_add_order_status',
    'ferrata rehearse --all --json',
    'ferrata rehearse --together 20261120093000_a 20261120094500_b',
  ],
  options: [
    { flags: '--pending', description: 'every pending migration (the default)' },
    { flags: '--all', description: 'the whole history, from an empty database on' },
    {
      flags: '--together <ids...>',
      description: 'prove these as one unit that is released, and undone, as one',
    },
    { flags: '--data <source>', description: `rows to rehearse on: ${SOURCES.join(', ')}` },
    { flags: '--no-write', description: 'do not write plan.json beside up.sql' },
  ],
  async run(invocation, context) {
    const settings = await context.settings();
    const together = list(invocation, 'together');
    const data = text(invocation, 'data');
    const source = SOURCES.find((s) => s === data) ?? null;
    if (data !== null && source === null) {
      throw new FerrataError('usage', `\`${data}\` is no data source.`, {
        hint: `Use one of: ${SOURCES.join(', ')}.`,
      });
    }
    const proved = await rehearseMigrations(
      settings,
      {
        ids: [...invocation.positional, ...together],
        all: flag(invocation, 'all'),
        together: together.length > 0,
        data: source,
        write: invocation.options.write !== false,
      },
      context.reporter,
    );
    // The proof of a group is one, though each member carries it.
    const proofs = [...new Map(proved.map(({ proof }) => [proof.migration, proof])).values()];
    context.result({ proofs: proofs.map(proofToJson) }, () =>
      proofs.length === 0
        ? 'Nothing to rehearse: no migration is pending.'
        : proofs.map((proof) => printProof(proof, context.palette, context.width)).join('\n\n'),
    );
    return proofs.every((proof) => proof.outcome === 'proved') ? EXIT.done : EXIT.proof;
  },
};
