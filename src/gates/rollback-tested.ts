import { strength } from '../ledger/proofs.ts';
import { planChecksum } from '../plan/checksum.ts';
import { type Gate, holds, refuses } from './model.ts';

/**
 * The iron law (DESIGN §4.1): a proof for exactly this migration, this plan, this schema and this server version, on
 * data at least as good as the policy asks for, that was not refuted.
 */
export const rollbackTested: Gate = async ({ session, migration, plan, proved, startFingerprint }) => {
  const { policy, name } = session.settings.environment;
  const { major } = session.connection.server;
  if (policy.proof === 'off') return holds(`The policy of ${name} asks for no proof.`);
  const again = `Run \`ferrata rehearse ${migration.id}\`.`;
  if (proved === null) {
    return refuses(
      'proof-missing',
      `The rollback of ${migration.id} was never rehearsed on this schema.`,
      again,
    );
  }
  const { proof } = proved;
  if (proof.checksum !== migration.checksum) {
    return refuses('proof-stale', `${migration.id} was edited since it was rehearsed.`, again);
  }
  if (proof.targetMajor !== major) {
    const message = `The proof of ${migration.id} is for PostgreSQL ${proof.targetMajor}, this server is ${major}.`;
    return refuses('proof-stale', message, again);
  }
  if (startFingerprint !== null && proof.startFingerprint !== startFingerprint) {
    return refuses(
      'proof-stale',
      `The schema is not the one that ${migration.id} was rehearsed on.`,
      `\`ferrata drift\` shows what changed; then: ${again}`,
    );
  }
  if (proof.outcome === 'refuted') {
    return refuses(
      'proof-refuted',
      `The rehearsal refuted the rollback of ${migration.id}: it does not restore what was there.`,
      `\`ferrata rehearse ${migration.id}\` shows the difference, and the derived rollback that would restore it.`,
    );
  }
  if (proof.outcome === 'failed') {
    const why = proof.error === null ? '.' : `: ${proof.error.message}`;
    return {
      ...refuses(
        'proof-missing',
        `The rehearsal of ${migration.id} failed${why}`,
        `Mend the migration; \`ferrata rehearse ${migration.id}\` tries it again on a scratch copy.`,
      ),
      ...(proof.error?.at != null && { location: proof.error.at }),
    };
  }
  if (proof.planChecksum !== planChecksum(plan)) {
    return refuses('plan-mismatch', `The plan of ${migration.id} is not the one that was rehearsed.`, again);
  }
  if (proof.serverMajor !== major && !policy.proofOtherMajor) {
    return refuses(
      'proof-too-weak',
      `${migration.id} was rehearsed on PostgreSQL ${proof.serverMajor}, this server is ${major}.`,
      `\`ferrata servers install ${major}\`, then rehearse again; or allow \`proofOtherMajor\` in the policy.`,
    );
  }
  if (strength(proof.dataSource) < strength(policy.proofData)) {
    return refuses(
      'proof-too-weak',
      `${migration.id} was rehearsed on ${proof.dataSource === 'none' ? 'no data' : `${proof.dataSource} data`}, the policy asks for ${policy.proofData}.`,
      `\`ferrata rehearse ${migration.id} --data ${policy.proofData}\`.`,
    );
  }
  if (proof.level < 2 && policy.proofData !== 'none') {
    return refuses(
      'proof-too-weak',
      `The rehearsal of ${migration.id} met no rows in some table that it touches: it proves the schema, not the data.`,
      `\`ferrata rehearse ${migration.id} --data sample\` takes rows of the target itself.`,
    );
  }
  return holds(`Proved ${proof.provedAt} on ${proof.dataSource === 'none' ? 'no' : proof.dataSource} data.`);
};
