/**
 * For people who write adapters: settings, sign options, error texts, output names, the connection check and reports, once for all
 * platforms, with the platform's own names for settings. Uses no timers, Node built-ins or runtime dependencies.
 *
 * @module @signstash-connect/core/adapter
 */

export { AdapterError, type AdapterErrorDetails, isAdapterError } from './adapters/adapter-error.ts';
export {
  type CheckConnectionOptions,
  type CheckedClient,
  type ConnectionReport,
  type ConnectionStep,
  type ConnectionStepName,
  checkConnection,
  type Probe,
} from './adapters/check-connection.ts';
export {
  type DescribeErrorOptions,
  defaultRetryAdvice,
  describeError,
  type ErrorDescription,
} from './adapters/describe-error.ts';
export {
  checkOutputOptions,
  type OutputDocument,
  type OutputOptions,
  outputPath,
  safeFileName,
  signedFileName,
  UniqueNames,
} from './adapters/output-names.ts';
export { type FileResult, type FileStatus, Report, type ReportOptions, type Totals } from './adapters/report.ts';
export {
  type NameOf,
  type NamingOptions,
  type SettingProblem,
  SettingReader,
  SettingsError,
  type SettingValue,
} from './adapters/setting-reader.ts';
export {
  canQuery,
  type ResolvedSettings,
  type ResolveSettingsOptions,
  resolveSettings,
  type SettingName,
  type SettingValues,
  settingDescriptions,
} from './adapters/settings.ts';
export {
  type ParsedSignOptions,
  parseSignOptions,
  type SignOptionName,
  type SignOptionValues,
  signOptionDescriptions,
} from './adapters/sign-options.ts';
export { type ErrorCode, errorCodes } from './errors/codes.ts';
