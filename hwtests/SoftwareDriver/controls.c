// The environment: parsing and counting. See docs/software-va-driver.md for the language.

#include "controls.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RULES 64
#define FOREVER ULONG_MAX

enum kind { FAIL, SLOW, HANG, CRASH, LOST, MAX_SURFACES, BINDS, CORRUPT, CODECS, KIND_COUNT };

static const char *const variables[KIND_COUNT] = {
    [FAIL] = "SOFTVA_FAIL",       [SLOW] = "SOFTVA_SLOW",
    [HANG] = "SOFTVA_HANG",       [CRASH] = "SOFTVA_CRASH",
    [LOST] = "SOFTVA_LOST",       [MAX_SURFACES] = "SOFTVA_MAX_SURFACES",
    [CORRUPT] = "SOFTVA_CORRUPT", [CODECS] = "SOFTVA_CODECS",
    [BINDS] = "SOFTVA_BINDS",
};

struct rule {
  enum softva_call call;
  unsigned long after;  // calls that go well before it starts
  unsigned long count;  // how often it strikes, or FOREVER
  unsigned long number; // milliseconds, pictures
  VAStatus status;
  unsigned long seen;
  unsigned long struck;
};

static struct {
  pthread_mutex_t lock;
  char *text[KIND_COUNT];
  struct rule rules[KIND_COUNT][MAX_RULES];
  size_t rule_count[KIND_COUNT];
  unsigned long pictures;
} controls = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char *const call_names[] = {
#define CALL_NAME(name) #name,
    SOFTVA_CALLS(CALL_NAME)
#undef CALL_NAME
};

static const struct {
  const char *name;
  VAStatus status;
} statuses[] = {
#define STATUS(name) {#name, VA_STATUS_ERROR_##name}
    STATUS(OPERATION_FAILED),       STATUS(ALLOCATION_FAILED),
    STATUS(INVALID_DISPLAY),        STATUS(INVALID_CONFIG),
    STATUS(INVALID_CONTEXT),        STATUS(INVALID_SURFACE),
    STATUS(INVALID_BUFFER),         STATUS(INVALID_IMAGE),
    STATUS(INVALID_SUBPICTURE),     STATUS(ATTR_NOT_SUPPORTED),
    STATUS(MAX_NUM_EXCEEDED),       STATUS(UNSUPPORTED_PROFILE),
    STATUS(UNSUPPORTED_ENTRYPOINT), STATUS(UNSUPPORTED_RT_FORMAT),
    STATUS(UNSUPPORTED_BUFFERTYPE), STATUS(SURFACE_BUSY),
    STATUS(FLAG_NOT_SUPPORTED),     STATUS(INVALID_PARAMETER),
    STATUS(RESOLUTION_NOT_SUPPORTED), STATUS(UNIMPLEMENTED),
    STATUS(SURFACE_IN_DISPLAYING),  STATUS(INVALID_IMAGE_FORMAT),
    STATUS(DECODING_ERROR),         STATUS(ENCODING_ERROR),
    STATUS(INVALID_VALUE),          STATUS(UNSUPPORTED_FILTER),
    STATUS(INVALID_FILTER_CHAIN),   STATUS(HW_BUSY),
    STATUS(UNSUPPORTED_MEMORY_TYPE), STATUS(NOT_ENOUGH_BUFFER),
    STATUS(TIMEDOUT),               STATUS(UNKNOWN),
#undef STATUS
};

const char *softva_call_name(enum softva_call call) { return call_names[call]; }

static bool parse_call(const char *text, enum softva_call *call) {
  for (int index = 0; index < SOFTVA_CALL_COUNT; index++) {
    if (strcmp(text, call_names[index]) == 0) {
      *call = (enum softva_call)index;
      return true;
    }
  }
  return false;
}

static bool parse_number(const char *text, unsigned long *number) {
  if (*text < '0' || *text > '9') return false;
  char *end;
  errno = 0;
  *number = strtoul(text, &end, 10);
  return errno == 0 && *end == '\0';
}

static bool parse_status(const char *text, VAStatus *status) {
  for (size_t index = 0; index < sizeof statuses / sizeof *statuses; index++) {
    if (strcmp(text, statuses[index].name) == 0) {
      *status = statuses[index].status;
      return true;
    }
  }
  return false;
}

// "after=N", "count=M", "status=NAME": what may stand behind a colon.
static bool parse_option(const char *text, struct rule *rule) {
  if (strncmp(text, "after=", 6) == 0) return parse_number(text + 6, &rule->after);
  if (strncmp(text, "count=", 6) == 0) return parse_number(text + 6, &rule->count);
  if (strncmp(text, "status=", 7) == 0) return parse_status(text + 7, &rule->status);
  return false;
}

// One item between commas; `text` is taken apart.
static bool parse_rule(enum kind kind, char *text, struct rule *rule) {
  *rule = (struct rule){
      .count = kind == LOST ? 1 : FOREVER, .status = VA_STATUS_ERROR_OPERATION_FAILED};
  char *rest = NULL;
  char *head = strtok_r(text, ":", &rest);
  if (head == NULL) return false;
  char *equals = strchr(head, '=');
  switch (kind) {
    case SLOW:
      if (equals == NULL) return false;
      *equals = '\0';
      if (!parse_number(equals + 1, &rule->number)) return false;
      if (!parse_call(head, &rule->call)) return false;
      break;
    case FAIL: case HANG: case CRASH:
      if (!parse_call(head, &rule->call)) return false;
      break;
    case CODECS:
      return true;
    default:
      if (!parse_number(head, &rule->number)) return false;
  }
  for (char *option; (option = strtok_r(NULL, ":", &rest)) != NULL;) {
    if (kind == MAX_SURFACES || kind == BINDS || kind == CORRUPT) return false;
    if (!parse_option(option, rule)) return false;
  }
  return true;
}

static bool read_variable(enum kind kind) {
  const char *text = getenv(variables[kind]);
  if (text != NULL && *text == '\0') text = NULL;
  const char *known = controls.text[kind];
  if (text == NULL ? known == NULL : known != NULL && strcmp(text, known) == 0) return true;

  free(controls.text[kind]);
  controls.text[kind] = NULL;
  controls.rule_count[kind] = 0;
  if (kind == CORRUPT) controls.pictures = 0;
  if (text == NULL) return true;

  char *copy = strdup(text);
  char *scratch = strdup(text);
  bool good = copy != NULL && scratch != NULL;
  char *rest = NULL;
  for (char *item = good ? strtok_r(scratch, ",", &rest) : NULL; good && item != NULL;
       item = strtok_r(NULL, ",", &rest)) {
    size_t count = controls.rule_count[kind];
    bool single = kind == LOST || kind == MAX_SURFACES || kind == BINDS || kind == CORRUPT;
    good = count < (single ? 1 : MAX_RULES) &&
           parse_rule(kind, item, &controls.rules[kind][count]);
    if (good) controls.rule_count[kind]++;
  }
  free(scratch);
  if (!good) {
    fprintf(stderr, "softva: %s=%s: not understood\n", variables[kind], text);
    free(copy);
    controls.rule_count[kind] = 0;
    return false;
  }
  controls.text[kind] = copy;
  return true;
}

bool softva_controls_read(void) {
  pthread_mutex_lock(&controls.lock);
  bool good = true;
  for (int kind = 0; kind < KIND_COUNT; kind++) good = read_variable((enum kind)kind) && good;
  pthread_mutex_unlock(&controls.lock);
  return good;
}

// Counts the call for all rules of one kind; the rule that strikes, or NULL.
static const struct rule *strike(enum kind kind, enum softva_call call) {
  const struct rule *found = NULL;
  for (size_t index = 0; index < controls.rule_count[kind]; index++) {
    struct rule *rule = &controls.rules[kind][index];
    if (rule->call != call) continue;
    if (rule->seen < rule->after) {
      rule->seen++;
    } else if (found == NULL && (rule->count == FOREVER || rule->struck < rule->count)) {
      rule->struck++;
      found = rule;
    }
  }
  return found;
}

struct softva_verdict softva_controls_judge(enum softva_call call) {
  struct softva_verdict verdict = {.status = VA_STATUS_SUCCESS};
  pthread_mutex_lock(&controls.lock);
  const struct rule *rule;
  if ((rule = strike(SLOW, call)) != NULL) verdict.slow_ms = (unsigned)rule->number;
  verdict.hang = strike(HANG, call) != NULL;
  verdict.crash = strike(CRASH, call) != NULL;
  if ((rule = strike(FAIL, call)) != NULL) verdict.status = rule->status;
  pthread_mutex_unlock(&controls.lock);
  return verdict;
}

long softva_controls_max_surfaces(void) {
  pthread_mutex_lock(&controls.lock);
  long limit =
      controls.rule_count[MAX_SURFACES] > 0 ? (long)controls.rules[MAX_SURFACES][0].number : -1;
  pthread_mutex_unlock(&controls.lock);
  return limit;
}

unsigned softva_controls_binds(void) {
  pthread_mutex_lock(&controls.lock);
  unsigned count = controls.rule_count[BINDS] > 0 ? (unsigned)controls.rules[BINDS][0].number : 0;
  pthread_mutex_unlock(&controls.lock);
  return count;
}

bool softva_controls_advertises(const char *codec) {
  pthread_mutex_lock(&controls.lock);
  const char *text = controls.text[CODECS];
  bool found = text == NULL;
  size_t length = strlen(codec);
  for (const char *item = text; item != NULL && !found;) {
    found = strncmp(item, codec, length) == 0 && (item[length] == ',' || item[length] == '\0');
    item = strchr(item, ',');
    if (item != NULL) item++;
  }
  pthread_mutex_unlock(&controls.lock);
  return found;
}

bool softva_controls_log_path(char *path, size_t size) {
  const char *text = getenv("SOFTVA_LOG");
  if (text == NULL || *text == '\0') return false;
  return (size_t)snprintf(path, size, "%s", text) < size;
}

bool softva_controls_corrupt_next(void) {
  pthread_mutex_lock(&controls.lock);
  controls.pictures++;
  bool corrupt = controls.rule_count[CORRUPT] > 0 &&
                 controls.rules[CORRUPT][0].number == controls.pictures;
  pthread_mutex_unlock(&controls.lock);
  return corrupt;
}

bool softva_controls_lose(unsigned long pictures, VAStatus *status) {
  bool lost = false;
  pthread_mutex_lock(&controls.lock);
  if (controls.rule_count[LOST] > 0) {
    struct rule *rule = &controls.rules[LOST][0];
    if (pictures >= rule->number && rule->struck < rule->count) {
      rule->struck++;
      *status = rule->status;
      lost = true;
    }
  }
  pthread_mutex_unlock(&controls.lock);
  return lost;
}
