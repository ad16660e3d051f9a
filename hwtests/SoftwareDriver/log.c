#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controls.h"

static const char *const kind_names[SOFTVA_KIND_COUNT] = {
    [SOFTVA_SURFACES] = "surfaces", [SOFTVA_BUFFERS] = "buffers",   [SOFTVA_IMAGES] = "images",
    [SOFTVA_CONTEXTS] = "contexts", [SOFTVA_CONFIGS] = "configs",
};

const char *softva_kind_name(enum softva_kind kind) { return kind_names[kind]; }

void softva_misuse(struct softva_log *log, const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(stderr, "softva: misuse: %s\n", text);
  if (log->misuse_count < SOFTVA_MAX_MISUSES) log->misuses[log->misuse_count] = strdup(text);
  log->misuse_count++;
}

static void write_counts(FILE *file, const char *key, const size_t *counts) {
  fprintf(file, "\"%s\":{", key);
  for (int kind = 0; kind < SOFTVA_KIND_COUNT; kind++)
    fprintf(file, "%s\"%s\":%zu", kind > 0 ? "," : "", kind_names[kind], counts[kind]);
  fputs("},", file);
}

// The texts are our own: letters, digits and marks, none of which JSON has to escape but these.
static void write_string(FILE *file, const char *text) {
  fputc('"', file);
  for (; *text != '\0'; text++) {
    if (*text == '"' || *text == '\\') fputc('\\', file);
    fputc((unsigned char)*text < 0x20 ? ' ' : *text, file);
  }
  fputc('"', file);
}

void softva_log_write(
    const struct softva_log *log, const size_t live[SOFTVA_KIND_COUNT],
    const size_t peak[SOFTVA_KIND_COUNT]) {
  char path[4096];
  if (!softva_controls_log_path(path, sizeof path)) return;
  char *line = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&line, &size);
  if (file == NULL) return;

  fputs("{\"calls\":{", file);
  const char *separator = "";
  for (int call = 0; call < SOFTVA_CALL_COUNT; call++) {
    unsigned long count = atomic_load(&log->calls[call]);
    if (count == 0) continue;
    fprintf(file, "%s\"%s\":%lu", separator, softva_call_name((enum softva_call)call), count);
    separator = ",";
  }
  fputs("},", file);
  write_counts(file, "live", live);
  write_counts(file, "peak", peak);
  fprintf(file, "\"overwritten_references\":%lu,\"misuse\":[", log->overwritten_references);
  separator = "";
  for (size_t index = 0; index < log->misuse_count && index < SOFTVA_MAX_MISUSES; index++) {
    if (log->misuses[index] == NULL) continue;
    fputs(separator, file);
    write_string(file, log->misuses[index]);
    separator = ",";
  }
  if (log->misuse_count > SOFTVA_MAX_MISUSES)
    fprintf(file, ",\"%zu more\"", log->misuse_count - SOFTVA_MAX_MISUSES);
  fputs("]}\n", file);

  if (fclose(file) == 0) {
    // One write: lines of processes that append to the same file do not mix.
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor < 0 || write(descriptor, line, size) != (ssize_t)size)
      fprintf(stderr, "softva: SOFTVA_LOG=%s: cannot be written\n", path);
    if (descriptor >= 0) close(descriptor);
  }
  free(line);
}

void softva_log_free(struct softva_log *log) {
  for (size_t index = 0; index < SOFTVA_MAX_MISUSES; index++) free(log->misuses[index]);
}
