#define _GNU_SOURCE
#include "CTestProcess.h"
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

// 1. The node type.

static atomic_bool null_is_render_node;

void vabuf_test_null_is_render_node(bool is) { atomic_store(&null_is_render_node, is); }

// libva-drm asks libdrm for the type of a node, which reads sysfs. A symbol of the program comes before libdrm's.
__attribute__((visibility("default"))) int drmGetNodeTypeFromFd(int fd) {
  struct stat status;
  if (atomic_load(&null_is_render_node) && fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
      status.st_rdev == makedev(1, 3))
    return 2;  // DRM_NODE_RENDER
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "drmGetNodeTypeFromFd");
  return real ? real(fd) : -1;
}

// 2. The environment. setenv moves the table and the strings while other threads read them. Here all room is made
// before main, and then bytes change in place: a variable that is not set has `_` for its first character.

enum { SLOTS = 32, SLOT_SIZE = 4096, NAME_SIZE = 64 };
static struct {
  char name[NAME_SIZE];
  char text[SLOT_SIZE];
} slots[SLOTS];

static void write_slot(int slot, const char *name, const char *value) {
  volatile char *text = slots[slot].text;
  text[0] = '_';
  atomic_signal_fence(memory_order_seq_cst);
  if (!value) return;
  char fresh[SLOT_SIZE];
  size_t length = (size_t)snprintf(fresh, sizeof fresh, "%s=%s", name, value);
  for (size_t at = 1; at <= length; at++) text[at] = fresh[at];
  atomic_signal_fence(memory_order_seq_cst);
  text[0] = fresh[0];
}

int vabuf_test_set_environment(const char *name, const char *value) {
  if (strlen(name) >= NAME_SIZE || (value && strlen(name) + strlen(value) + 2 > SLOT_SIZE)) return -1;
  int free_slot = -1;
  for (int slot = 0; slot < SLOTS; slot++) {
    if (strcmp(slots[slot].name, name) == 0) return write_slot(slot, name, value), 0;
    if (free_slot < 0 && !slots[slot].name[0]) free_slot = slot;
  }
  if (!value && !getenv(name)) return 0;
  if (free_slot < 0 || getenv(name)) return -1;
  strcpy(slots[free_slot].name, name);
  write_slot(free_slot, name, value);
  return 0;
}

__attribute__((constructor)) static void make_slots(void) {
  extern char **environ;
  int slot = 0;
  for (char **entry = environ; *entry && slot < SLOTS / 2;) {
    const char *equals = strchr(*entry, '=');
    size_t length = equals ? (size_t)(equals - *entry) : 0;
    bool ours = strncmp(*entry, "LIBVA_", 6) == 0 || strncmp(*entry, "SOFTVA_", 7) == 0;
    if (ours && length > 0 && length < NAME_SIZE && strlen(*entry) < SLOT_SIZE) {
      memcpy(slots[slot].name, *entry, length);
      strcpy(slots[slot].text, *entry);
      unsetenv(slots[slot].name);  // before any thread; it moves the later entries here
      slot++;
    } else {
      entry++;
    }
  }
  for (int each = 0; each < SLOTS; each++) {
    if (!slots[each].text[0]) snprintf(slots[each].text, SLOT_SIZE, "_VABUF_TEST_SLOT_%d=", each);
    putenv(slots[each].text);
  }
}
