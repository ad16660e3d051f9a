// What happened on one display: calls, live objects and their peaks, misuse. Written as one line
// of JSON when the display is terminated. Locked by the driver.

#ifndef SOFTVA_LOG_H
#define SOFTVA_LOG_H

#include <stdatomic.h>
#include <stddef.h>

#include "calls.h"

#define SOFTVA_MAX_MISUSES 100

enum softva_kind {
  SOFTVA_SURFACES,
  SOFTVA_BUFFERS,
  SOFTVA_IMAGES,
  SOFTVA_CONTEXTS,
  SOFTVA_CONFIGS,
  SOFTVA_KIND_COUNT
};

struct softva_log {
  atomic_ulong calls[SOFTVA_CALL_COUNT];
  unsigned long overwritten_references;
  char *misuses[SOFTVA_MAX_MISUSES];
  size_t misuse_count;  // all of them, also those beyond the array
};

const char *softva_kind_name(enum softva_kind kind);  // "surfaces"

// Reports on standard error and keeps the text.
__attribute__((format(printf, 2, 3))) void softva_misuse(
    struct softva_log *log, const char *format, ...);

// Appends the line to the file that SOFTVA_LOG names, if it names one.
void softva_log_write(
    const struct softva_log *log, const size_t live[SOFTVA_KIND_COUNT],
    const size_t peak[SOFTVA_KIND_COUNT]);
void softva_log_free(struct softva_log *log);

#endif
