/**
 * @module ports/logger
 *
 * Structured logging; pino's shape, so that a pino logger is one. Off by default.
 */

export interface Logger {
  debug(data: object, message: string): void
  info(data: object, message: string): void
  warn(data: object, message: string): void
  error(data: object, message: string): void
}

const ignore = (): void => undefined

export const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
