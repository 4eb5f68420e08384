/** Nodes and commands of the grammar that no statement of a script is, or has; with the reason. */

export const NO_STATEMENTS: Readonly<Record<string, string>> = {
  RawStmt: 'the wrapper around every statement of a parse',
  SetOperationStmt: 'made by the analysis of UNION and its like; the grammar makes SelectStmt of them',
  ReturnStmt: 'RETURN inside the body of a function',
  PLAssignStmt: 'an assignment of PL/pgSQL',
  ReplicaIdentityStmt: 'a part of ALTER TABLE … REPLICA IDENTITY',
};

const INTERNAL = 'made by the server while it carries out another command';

export const NO_COMMANDS: Readonly<Record<string, string>> = {
  AT_AddColumnToView: `${INTERNAL}: CREATE OR REPLACE VIEW with more columns`,
  AT_CookedColumnDefault: `${INTERNAL}: CREATE TABLE … LIKE`,
  AT_AddIndex: `${INTERNAL}: a key of ADD COLUMN or ADD CONSTRAINT`,
  AT_ReAddIndex: `${INTERNAL}: ALTER COLUMN … TYPE`,
  AT_ReAddConstraint: `${INTERNAL}: ALTER COLUMN … TYPE`,
  AT_ReAddDomainConstraint: `${INTERNAL}: ALTER TYPE of an attribute`,
  AT_ReAddComment: `${INTERNAL}: ALTER COLUMN … TYPE`,
  AT_ReAddStatistics: `${INTERNAL}: ALTER COLUMN … TYPE`,
  AT_AddIndexConstraint: `${INTERNAL}: ADD CONSTRAINT … USING INDEX`,
  AT_ReplaceRelOptions: `${INTERNAL}: CREATE OR REPLACE VIEW`,
};
