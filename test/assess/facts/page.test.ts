import { expect, it } from 'vitest';
import { renderLocks } from '../../../src/assess/facts/page.ts';

it('docs/locks.md is what the table says', async () => {
  await expect(renderLocks()).toMatchFileSnapshot('../../../docs/locks.md');
});
