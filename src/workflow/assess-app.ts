/** Where the application's source names what a migration changes. */
import type { Impact } from '../assess/impact/model.ts';
import type { Settings } from '../config/settings.ts';

export async function searchApplication(
  impact: Impact,
  _folder: string,
  _settings: Settings,
): Promise<Impact> {
  return impact;
}
