// Tells ThreadSanitizer of Swift's Mutex (Swift 6.3 on Linux). Its fast path is inlined into our code and seen; its slow
// path, when two threads want it at once, lies in libswiftSynchronization.so, which is not instrumented: without this
// every contended Mutex is reported as a race. Preloaded by scripts/sanitize.sh; no part of any product.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
// Mangled names of Synchronization._MutexHandle's methods; a Swift that has others makes the run fail loudly again.
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// There where the program is instrumented only: the preload reaches the build tools too.
void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

static void *original(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (function == NULL) abort();
  return function;
}

SWIFT void mutex_lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void mutex_lock(uint32_t thread, SELF) {
  ((SWIFT void (*)(uint32_t, SELF))original(LOCK))(thread, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT bool mutex_try_lock(SELF) __asm__(TRY_LOCK);
SWIFT bool mutex_try_lock(SELF) {
  bool is_locked = ((SWIFT bool (*)(SELF))original(TRY_LOCK))(self);
  if (is_locked && __tsan_acquire) __tsan_acquire(self);
  return is_locked;
}

SWIFT void mutex_unlock(SELF) __asm__(UNLOCK);
SWIFT void mutex_unlock(SELF) {
  if (__tsan_release) __tsan_release(self);
  ((SWIFT void (*)(SELF))original(UNLOCK))(self);
}
