import { leaseHolder } from '../ledger/lease.ts';
import { type Gate, holds, refuses } from './model.ts';

/** Nobody else is at work. */
export const leaseHeld: Gate = async ({ ledger, lease }) => {
  const holder = ledger.exists ? await leaseHolder(ledger.connection) : null;
  if (lease !== undefined) {
    return holder?.token === lease.token
      ? holds('The lease is ours.')
      : refuses('lease-lost', 'The lease is in other hands.', '`ferrata status` shows who is at work.');
  }
  if (holder === null || holder.expired) return holds('Nobody else is at work.');
  return refuses('lease-held', `${holder.owner} is at work (ferrata ${holder.purpose}).`, 'Wait for it.');
};
