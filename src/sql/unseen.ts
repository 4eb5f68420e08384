/** Statements inside a database whose effect no comparison of schemas sees: nothing could be derived, or proved, for them. */
import type { ParsedStatement } from './model.ts';
import { children, text } from './tree.ts';

/** Why nobody sees what the statement changes; null where it is seen. */
export function unseenChange({ kind, node }: ParsedStatement): string | null {
  const type = text(node, 'objectType') ?? text(node, 'objtype');
  if (type === 'OBJECT_LARGEOBJECT') return 'large objects are not read: nobody compares them';
  const secret = children(node, 'options').some(({ node: option }) =>
    /^(password|passfile|sslpassword)$/i.test(text(option, 'defname') ?? ''),
  );
  // Made or dropped it is a mapping more or less; a changed password looks like the one before.
  return kind === 'AlterUserMappingStmt' && secret
    ? 'a password is never read: nobody sees that it changed'
    : null;
}
