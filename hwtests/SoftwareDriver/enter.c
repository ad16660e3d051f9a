// What every call passes first: it is counted, and the controls have their way with it.

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "controls.h"
#include "decode.h"

static void sleep_ms(unsigned ms) {
  struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
  while (nanosleep(&left, &left) != 0) continue;
}

static void hang(struct softva_driver *driver, const struct softva_context *waiter) {
  pthread_mutex_lock(&driver->lock);
  atomic_fetch_add(&driver->waiting, 1);
  while (!atomic_load(&driver->terminating) && (waiter == NULL || !waiter->stopping))
    pthread_cond_wait(&driver->changed, &driver->lock);
  atomic_fetch_sub(&driver->waiting, 1);
  pthread_mutex_unlock(&driver->lock);
}

static VAStatus lost_status(struct softva_driver *driver) {
  int known = atomic_load(&driver->lost_status);
  VAStatus status;
  if (known == VA_STATUS_SUCCESS &&
      softva_controls_lose(atomic_load(&driver->pictures), &status)) {
    atomic_store(&driver->lost_status, status);
    known = status;
  }
  return known;
}

bool softva_enter(
    struct softva_driver *driver, enum softva_call call, const struct softva_context *waiter,
    VAStatus *status) {
  atomic_fetch_add(&driver->log.calls[call], 1);
  struct softva_verdict verdict = softva_controls_judge(call);
  if (verdict.slow_ms > 0) sleep_ms(verdict.slow_ms);
  if (verdict.crash) {
    fprintf(stderr, "softva: SOFTVA_CRASH: %s\n", softva_call_name(call));
    abort();
  }
  if (verdict.hang) {
    hang(driver, waiter);
    return false;
  }
  *status = verdict.status;
  // A lost display can be terminated: libva frees its own part only if that works.
  if (*status == VA_STATUS_SUCCESS && call != SOFTVA_decode && call != SOFTVA_vaTerminate)
    *status = lost_status(driver);
  return true;
}
