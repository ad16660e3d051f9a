// What the environment asks the driver to do wrong (SOFTVA_…). Rules and their counters belong to
// the process, not to a display: a call that is to fail once fails once, however often the client
// opens the device again.

#ifndef SOFTVA_CONTROLS_H
#define SOFTVA_CONTROLS_H

#include <stdbool.h>
#include <va/va.h>

#include "calls.h"

// What is to happen to one call.
struct softva_verdict {
  VAStatus status;  // VA_STATUS_SUCCESS: the call may do its work
  unsigned slow_ms;
  bool hang;
  bool crash;
};

// Reads the environment. A variable whose text is the same as last time keeps its counters.
// Returns false, after a message on standard error, if a variable cannot be understood.
bool softva_controls_read(void);

struct softva_verdict softva_controls_judge(enum softva_call call);

// SOFTVA_MAX_SURFACES; -1 where there is no limit.
long softva_controls_max_surfaces(void);
// SOFTVA_BINDS; 0 where surfaces belong to no context.
unsigned softva_controls_binds(void);
// SOFTVA_CODECS: whether the codec of this name is advertised.
bool softva_controls_advertises(const char *codec);
// SOFTVA_LOG, copied into `path`; false where it is not set.
bool softva_controls_log_path(char *path, size_t size);
// Counts one picture; true if it is the one that SOFTVA_CORRUPT names.
bool softva_controls_corrupt_next(void);
// SOFTVA_LOST: whether a display that has decoded `pictures` pictures is lost now, and the status
// that its calls then give. True at most `count` times in the process (once, unless said).
bool softva_controls_lose(unsigned long pictures, VAStatus *status);

#endif
