import { loadSettings, type Settings, type SettingsError } from '../../config/settings.ts';
import { CliError } from '../cli-error.ts';

/** The settings of the environment; a bad one ends the command with all that is wrong. */
export function settings(env: NodeJS.ProcessEnv = process.env): Settings {
  try {
    return loadSettings(env);
  } catch (error) {
    if (isSettingsError(error)) throw new CliError(error.message);
    throw error;
  }
}

function isSettingsError(error: unknown): error is SettingsError {
  return error instanceof Error && error.name === 'SettingsError';
}
