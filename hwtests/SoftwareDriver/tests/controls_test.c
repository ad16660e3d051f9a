// Each control and each kind of misuse once, through libva. Prints one line a failure.

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <va/va_drmcommon.h>

#include "client.h"

#define NONE VA_INVALID_SURFACE
#define GREY 128

static int checks, failures;
static char log_path[64];
static char line[65536];  // of the log, at the last terminate

#define CHECK(condition, ...)                                       \
  do {                                                              \
    checks++;                                                       \
    if (!(condition)) {                                             \
      failures++;                                                   \
      printf("controls_test.c:%d: %s: ", __LINE__, #condition);     \
      printf(__VA_ARGS__);                                          \
      printf("\n");                                                 \
    }                                                               \
  } while (0)
#define CHECK_STATUS(call, wanted)                                  \
  do {                                                              \
    VAStatus got_ = (call);                                         \
    CHECK(got_ == (wanted), "status %#x", got_);                    \
  } while (0)
#define OK VA_STATUS_SUCCESS

static void set(const char *name, const char *value) {
  static const char *const all[] = {
      "SOFTVA_FAIL", "SOFTVA_SLOW",  "SOFTVA_MAX_SURFACES", "SOFTVA_CORRUPT",
      "SOFTVA_LOST", "SOFTVA_HANG", "SOFTVA_CRASH",        "SOFTVA_CODECS",
      "SOFTVA_BINDS"};
  for (size_t index = 0; index < sizeof all / sizeof *all; index++) unsetenv(all[index]);
  if (name != NULL) setenv(name, value, 1);
  unlink(log_path);
}

static void read_log(void) {
  line[0] = '\0';
  FILE *file = fopen(log_path, "r");
  if (file == NULL) return;
  while (fgets(line, sizeof line, file) != NULL) continue;
  fclose(file);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void check_clean(int at) {
  read_log();
  checks++;
  if (strstr(line, "\"live\":{\"surfaces\":0,\"buffers\":0,\"images\":0,\"contexts\":0,"
                   "\"configs\":0}") == NULL ||
      strstr(line, "\"misuse\":[]") == NULL) {
    failures++;
    printf("controls_test.c:%d: not clean: %s\n", at, line);
  }
}
#define CHECK_CLEAN() check_clean(__LINE__)
#define CHECK_MISUSE(text)                                \
  do {                                                    \
    read_log();                                           \
    CHECK(strstr(line, text) != NULL, "not in: %s", line); \
  } while (0)

static void test_decode(void) {
  set(NULL, NULL);
  struct client c;
  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[1], 0, c.surfaces[0]), OK);
  int first = client_read(&c, c.surfaces[0], true);
  CHECK(first == GREY + 5, "sample %d", first);
  CHECK(client_read(&c, c.surfaces[1], true) == first, "the P picture differs");
  client_close(&c);
  CHECK_CLEAN();
  CHECK(strstr(line, "\"vaEndPicture\":2") != NULL, "%s", line);
  CHECK(strstr(line, "\"peak\":{\"surfaces\":4,") != NULL, "%s", line);
}

// Every call fails when told to, and what was made can be given back.
static void test_fail(void) {
  static const char *const creating[] = {
      "vaInitialize", "vaCreateConfig", "vaCreateSurfaces", "vaCreateContext"};
  for (size_t index = 0; index < sizeof creating / sizeof *creating; index++) {
    char rule[128];
    snprintf(rule, sizeof rule, "%s:status=HW_BUSY", creating[index]);
    set("SOFTVA_FAIL", rule);
    struct client c;
    CHECK_STATUS(client_open(&c), VA_STATUS_ERROR_HW_BUSY);
    if (index == 0) {
      client_terminate(&c);
      continue;
    }
    if (index > 2) vaDestroySurfaces(c.display, c.surfaces, SURFACES);
    if (index > 1) vaDestroyConfig(c.display, c.config);
    client_terminate(&c);
    CHECK_CLEAN();
  }
  static const char *const decoding[] = {
      "vaCreateBuffer", "vaBeginPicture", "vaRenderPicture", "vaEndPicture"};
  for (size_t index = 0; index < sizeof decoding / sizeof *decoding; index++) {
    char rule[128];
    snprintf(rule, sizeof rule, "%s:after=0:count=1:status=DECODING_ERROR", decoding[index]);
    set("SOFTVA_FAIL", rule);
    struct client c;
    CHECK_STATUS(client_open(&c), OK);
    CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), VA_STATUS_ERROR_DECODING_ERROR);
    CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
    CHECK(client_read(&c, c.surfaces[0], true) == GREY + 5, "%s", rule);
    client_close(&c);
    CHECK_CLEAN();
  }
  static const char *const reading[] = {
      "vaSyncSurface", "vaCreateImage", "vaGetImage", "vaMapBuffer"};
  for (size_t index = 0; index < sizeof reading / sizeof *reading; index++) {
    char rule[128];
    snprintf(rule, sizeof rule, "vaPutImage,%s:after=1:count=1", reading[index]);
    set("SOFTVA_FAIL", rule);
    struct client c;
    CHECK_STATUS(client_open(&c), OK);
    CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
    CHECK(client_read(&c, c.surfaces[0], true) == GREY + 5, "%s", rule);
    CHECK(client_read(&c, c.surfaces[0], true) == -1, "%s", rule);
    CHECK(client_read(&c, c.surfaces[0], true) == GREY + 5, "%s", rule);
    client_close(&c);
    CHECK_CLEAN();
  }
  // What gives back gives back even then.
  set("SOFTVA_FAIL",
      "vaDestroyBuffer,vaDestroyImage,vaUnmapBuffer,vaDestroyContext,vaDestroySurfaces,"
      "vaDestroyConfig,vaTerminate");
  struct client c;
  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  CHECK(client_read(&c, c.surfaces[0], true) == GREY + 5, "release calls fail");
  CHECK_STATUS(vaDestroyContext(c.display, c.context), VA_STATUS_ERROR_OPERATION_FAILED);
  vaDestroySurfaces(c.display, c.surfaces, SURFACES);
  vaDestroyConfig(c.display, c.config);
  CHECK_STATUS(vaTerminate(c.display), VA_STATUS_ERROR_OPERATION_FAILED);
  CHECK_CLEAN();
  client_terminate(&c);  // libva keeps its own part of the display until this works
  // The worker: the picture is lost, and what refers to it is wrong.
  set("SOFTVA_FAIL", "decode:count=1:status=DECODING_ERROR");
  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  CHECK_STATUS(vaSyncSurface(c.display, c.surfaces[0]), VA_STATUS_ERROR_DECODING_ERROR);
  CHECK_STATUS(client_decode(&c, c.surfaces[1], 0, c.surfaces[0]), OK);
  CHECK(client_read(&c, c.surfaces[1], true) != GREY + 5, "the loss does not spread");
  client_close(&c);
  CHECK_CLEAN();
}

static void test_limits(void) {
  struct client c;
  set("SOFTVA_MAX_SURFACES", "5");
  CHECK_STATUS(client_open(&c), OK);
  VASurfaceID more[2];
  CHECK_STATUS(
      vaCreateSurfaces(c.display, VA_RT_FORMAT_YUV420, 64, 64, more, 2, NULL, 0),
      VA_STATUS_ERROR_ALLOCATION_FAILED);
  CHECK_STATUS(vaCreateSurfaces(c.display, VA_RT_FORMAT_YUV420, 64, 64, more, 1, NULL, 0), OK);
  vaDestroySurfaces(c.display, more, 1);
  client_close(&c);
  CHECK_CLEAN();

  set("SOFTVA_CODECS", "h264");
  CHECK_STATUS(client_open(&c), VA_STATUS_ERROR_UNSUPPORTED_PROFILE);
  VAProfile profiles[64];
  int count = 0;
  vaQueryConfigProfiles(c.display, profiles, &count);
  CHECK(count == 3, "%d profiles", count);
  client_terminate(&c);

  set("SOFTVA_FAIL", "vaNoSuchCall");
  CHECK_STATUS(client_open_display(&c), VA_STATUS_ERROR_INVALID_VALUE);
  client_terminate(&c);
}

static void test_binds(void) {
  struct client c;
  set("SOFTVA_BINDS", "2");
  CHECK_STATUS(client_open(&c), OK);
  // The client's context names none; the display has four.
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[1], 0, c.surfaces[0]), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[2], 5, NONE), VA_STATUS_ERROR_MAX_NUM_EXCEEDED);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 7, NONE), OK);
  CHECK(client_read(&c, c.surfaces[0], true) == GREY + 7, "a bound surface is used again");
  CHECK(client_read(&c, c.surfaces[2], true) == -1, "nothing was decoded there");
  VAImage image;
  CHECK_STATUS(
      vaDeriveImage(c.display, c.surfaces[0], &image), VA_STATUS_ERROR_OPERATION_FAILED);
  VASurfaceStatus state;
  CHECK_STATUS(
      vaQuerySurfaceStatus(c.display, c.surfaces[0], &state), VA_STATUS_ERROR_UNIMPLEMENTED);
  CHECK_STATUS(vaSyncSurface2(c.display, c.surfaces[0], 1), VA_STATUS_ERROR_UNIMPLEMENTED);
  // Places are not given back, and a picture outlives its context.
  vaDestroyContext(c.display, c.context);
  CHECK(client_read(&c, c.surfaces[0], true) == GREY + 7, "the context is gone, the picture is not");
  CHECK_STATUS(
      vaCreateContext(c.display, c.config, WIDTH, HEIGHT, VA_PROGRESSIVE, c.surfaces, 1, &c.context),
      OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[3], 5, NONE), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[2], 5, NONE), VA_STATUS_ERROR_MAX_NUM_EXCEEDED);
  client_close(&c);
  CHECK_CLEAN();

  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  vaDestroyContext(c.display, c.context);
  CHECK_STATUS(
      vaCreateContext(c.display, c.config, WIDTH, HEIGHT, VA_PROGRESSIVE, NULL, 0, &c.context), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  client_close(&c);
  CHECK_MISUSE("is bound to context");

  set("SOFTVA_BINDS", "2");
  CHECK_STATUS(client_open(&c), OK);
  vaDestroyContext(c.display, c.context);
  vaDestroySurfaces(c.display, c.surfaces, SURFACES);
  CHECK_STATUS(
      vaCreateContext(c.display, c.config, WIDTH, HEIGHT, VA_PROGRESSIVE, NULL, 0, &c.context),
      VA_STATUS_ERROR_ALLOCATION_FAILED);
  vaDestroyConfig(c.display, c.config);
  client_terminate(&c);
  CHECK_CLEAN();
}

// What nobody took yet lies in a ring of 16, which seems empty when it is full.
static void test_bound_queue(void) {
  for (int submitted = 15; submitted <= 20; submitted += 5) {
    struct client c;
    set("SOFTVA_BINDS", "2");
    setenv("SOFTVA_SLOW", "decode=60", 1);
    CHECK_STATUS(client_open(&c), OK);
    for (int index = 0; index < submitted; index++)
      CHECK_STATUS(client_decode(&c, c.surfaces[0], index % 8, NONE), OK);
    CHECK(client_read(&c, c.surfaces[0], true) >= 0, "%d pictures", submitted);
    client_close(&c);
    if (submitted < 16)
      CHECK_CLEAN();
    else
      CHECK_MISUSE("16 pictures wait in context");
  }
}

static void test_slow(void) {
  struct client c;
  set("SOFTVA_SLOW", "decode=120");
  CHECK_STATUS(client_open(&c), OK);
  double start = now();
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  CHECK(now() - start < 0.1, "vaEndPicture waits for the picture");
  VASurfaceStatus status;
  vaQuerySurfaceStatus(c.display, c.surfaces[0], &status);
  CHECK(status == VASurfaceRendering, "status %d", status);
  CHECK_STATUS(vaSyncSurface2(c.display, c.surfaces[0], 10000000), VA_STATUS_ERROR_TIMEDOUT);
  CHECK(client_read(&c, c.surfaces[0], true) == GREY + 5, "slow");
  CHECK(now() - start >= 0.12, "not slow");
  client_close(&c);
  CHECK_CLEAN();
  set("SOFTVA_SLOW", "vaCreateConfig=60,vaCreateContext=60");
  start = now();
  CHECK_STATUS(client_open(&c), OK);
  CHECK(now() - start >= 0.12, "not slow");
  client_close(&c);
  CHECK_CLEAN();
}

static void test_corrupt(void) {
  struct client c;
  set("SOFTVA_CORRUPT", "2");
  CHECK_STATUS(client_open(&c), OK);
  for (int index = 0; index < 3; index++)
    CHECK_STATUS(client_decode(&c, c.surfaces[index], 5, NONE), OK);
  CHECK(client_read(&c, c.surfaces[0], true) == GREY + 5, "the first");
  CHECK(client_read(&c, c.surfaces[1], true) > 1000, "the second is not corrupt");
  CHECK(client_read(&c, c.surfaces[2], true) == GREY + 5, "the third");
  client_close(&c);
  CHECK_CLEAN();
}

static void test_lost(void) {
  struct client c;
  set("SOFTVA_LOST", "2:status=HW_BUSY");
  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[1], 5, NONE), OK);
  CHECK_STATUS(vaSyncSurface(c.display, c.surfaces[0]), VA_STATUS_ERROR_HW_BUSY);
  CHECK_STATUS(client_decode(&c, c.surfaces[2], 5, NONE), VA_STATUS_ERROR_HW_BUSY);
  VASurfaceID more;
  CHECK_STATUS(
      vaCreateSurfaces(c.display, VA_RT_FORMAT_YUV420, 64, 64, &more, 1, NULL, 0),
      VA_STATUS_ERROR_HW_BUSY);
  client_close(&c);
  CHECK_CLEAN();
  CHECK_STATUS(client_open(&c), OK);
  for (int index = 0; index < 3; index++)
    CHECK_STATUS(client_decode(&c, c.surfaces[index], 5, NONE), OK);
  CHECK(client_read(&c, c.surfaces[2], true) == GREY + 5, "after reopening");
  client_close(&c);
  CHECK_CLEAN();
}

static struct client hung;
static volatile bool returned;
static void *hang(void *unused) {
  (void)unused;
  VAStatus status = vaSyncSurface(hung.display, hung.surfaces[0]);
  returned = true;
  return (void *)(uintptr_t)status;
}

static void check_hang(const char *rule) {
  set("SOFTVA_HANG", rule);
  returned = false;
  CHECK_STATUS(client_open(&hung), OK);
  CHECK_STATUS(client_decode(&hung, hung.surfaces[0], 5, NONE), OK);
  pthread_t thread;
  pthread_create(&thread, NULL, hang, NULL);
  usleep(50000);
  CHECK(!returned, "%s does not hang", rule);
  if (strcmp(rule, "decode") == 0) {
    client_close(&hung);  // a context that goes ends it
  } else {
    vaDestroyContext(hung.display, hung.context);
    vaDestroySurfaces(hung.display, hung.surfaces, SURFACES);
    vaDestroyConfig(hung.display, hung.config);
    client_terminate(&hung);
  }
  void *status;
  pthread_join(thread, &status);
  CHECK((VAStatus)(uintptr_t)status == VA_STATUS_ERROR_OPERATION_FAILED, "%p", status);
}

static void test_hang(void) {
  check_hang("vaSyncSurface");
  CHECK_CLEAN();
  check_hang("decode");
}

static void test_crash(void) {
  set("SOFTVA_CRASH", "vaEndPicture:after=1");
  pid_t child = fork();
  if (child == 0) {
    struct client c;
    client_open(&c);
    if (client_decode(&c, c.surfaces[0], 5, NONE) != OK) _exit(1);
    client_decode(&c, c.surfaces[1], 5, NONE);
    _exit(2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "status %#x", (unsigned)status);
}

static void test_export(void) {
  struct client c;
  set(NULL, NULL);
  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  CHECK_STATUS(vaSyncSurface(c.display, c.surfaces[0]), OK);
  VADRMPRIMESurfaceDescriptor prime;
  for (unsigned composed = 0; composed < 2; composed++) {
    CHECK_STATUS(
        vaExportSurfaceHandle(
            c.display, c.surfaces[0], VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2,
            VA_EXPORT_SURFACE_READ_ONLY | (composed ? VA_EXPORT_SURFACE_COMPOSED_LAYERS
                                                    : VA_EXPORT_SURFACE_SEPARATE_LAYERS),
            &prime),
        OK);
    CHECK(prime.num_layers == (composed ? 1 : 2), "%u layers", prime.num_layers);
    const uint8_t *data =
        mmap(NULL, prime.objects[0].size, PROT_READ, MAP_SHARED, prime.objects[0].fd, 0);
    CHECK(data != MAP_FAILED, "mmap");
    if (data != MAP_FAILED) {
      CHECK(data[prime.layers[0].offset[0]] == GREY + 5, "sample %d", data[0]);
      munmap((void *)data, prime.objects[0].size);
    }
    close(prime.objects[0].fd);
  }
  // The other way: a surface over the exported memory shows the same picture.
  CHECK_STATUS(
      vaExportSurfaceHandle(
          c.display, c.surfaces[0], VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2,
          VA_EXPORT_SURFACE_READ_WRITE | VA_EXPORT_SURFACE_SEPARATE_LAYERS, &prime),
      OK);
  VASurfaceAttrib attributes[2] = {
      {.type = VASurfaceAttribMemoryType,
       .flags = VA_SURFACE_ATTRIB_SETTABLE,
       .value = {.type = VAGenericValueTypeInteger,
                 .value.i = VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2}},
      {.type = VASurfaceAttribExternalBufferDescriptor,
       .flags = VA_SURFACE_ATTRIB_SETTABLE,
       .value = {.type = VAGenericValueTypePointer, .value.p = &prime}}};
  VASurfaceID imported;
  CHECK_STATUS(
      vaCreateSurfaces(
          c.display, VA_RT_FORMAT_YUV420, WIDTH, HEIGHT, &imported, 1, attributes, 2),
      OK);
  CHECK(client_read(&c, imported, true) == GREY + 5, "imported");
  vaDestroySurfaces(c.display, &imported, 1);
  prime.layers[1].offset[0] = prime.objects[0].size;
  CHECK_STATUS(
      vaCreateSurfaces(
          c.display, VA_RT_FORMAT_YUV420, WIDTH, HEIGHT, &imported, 1, attributes, 2),
      VA_STATUS_ERROR_ALLOCATION_FAILED);
  close(prime.objects[0].fd);
  client_close(&c);
  CHECK_CLEAN();

  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  vaExportSurfaceHandle(
      c.display, c.surfaces[0], VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2,
      VA_EXPORT_SURFACE_READ_ONLY | VA_EXPORT_SURFACE_COMPOSED_LAYERS, &prime);
  close(prime.objects[0].fd);
  client_close(&c);
  CHECK_MISUSE("exported and never synced");
}

// Writes over a surface through a derived image, or with vaPutImage.
static void overwrite(struct client *c, VASurfaceID surface, bool put) {
  VAImage image;
  void *data;
  VAImageFormat format = {.fourcc = VA_FOURCC_NV12};
  if (put)
    CHECK_STATUS(vaCreateImage(c->display, &format, WIDTH, HEIGHT, &image), OK);
  else
    CHECK_STATUS(vaDeriveImage(c->display, surface, &image), OK);
  CHECK_STATUS(vaMapBuffer(c->display, image.buf, &data), OK);
  memset(data, 7, image.data_size);
  CHECK_STATUS(vaUnmapBuffer(c->display, image.buf), OK);
  if (put)
    CHECK_STATUS(
        vaPutImage(
            c->display, surface, image.image_id, 0, 0, WIDTH, HEIGHT, 0, 0, WIDTH, HEIGHT),
        OK);
  CHECK_STATUS(vaDestroyImage(c->display, image.image_id), OK);
}

static void test_misuse(void) {
  struct client c;
  void *data;
  set(NULL, NULL);

  for (int way = 0; way < 3; way++) {
    CHECK_STATUS(client_open(&c), OK);
    CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
    CHECK_STATUS(vaSyncSurface(c.display, c.surfaces[0]), OK);
    if (way < 2) overwrite(&c, c.surfaces[0], way == 1);
    CHECK_STATUS(
        client_decode(&c, c.surfaces[way == 2 ? 0 : 1], 0, c.surfaces[0]), OK);
    client_close(&c);
    CHECK_MISUSE(way == 2 ? "which is its reference" : "was written to while it is a reference");
    CHECK_MISUSE("\"overwritten_references\":1");
  }
  // Written to, but no reference any more.
  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  CHECK_STATUS(vaSyncSurface(c.display, c.surfaces[0]), OK);
  overwrite(&c, c.surfaces[0], true);
  CHECK_STATUS(client_decode(&c, c.surfaces[1], 5, NONE), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 0, c.surfaces[1]), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[2], 0, c.surfaces[0]), OK);
  client_close(&c);
  CHECK_CLEAN();

  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  client_read(&c, c.surfaces[0], false);
  client_close(&c);
  CHECK_MISUSE("vaGetImage: surface");

  VAImage image;
  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  CHECK_STATUS(vaDeriveImage(c.display, c.surfaces[0], &image), OK);
  CHECK_STATUS(vaMapBuffer(c.display, image.buf, &data), OK);
  CHECK_STATUS(vaMapBuffer(c.display, image.buf, &data), OK);
  CHECK_STATUS(vaDestroyBuffer(c.display, image.buf), VA_STATUS_ERROR_INVALID_BUFFER);
  CHECK_STATUS(vaDestroyImage(c.display, image.image_id), OK);
  client_close(&c);
  CHECK_MISUSE("vaMapBuffer: surface");
  CHECK_MISUSE("is mapped already");
  CHECK_MISUSE("belongs to an image");
  CHECK_MISUSE("vaDestroyImage:");

  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(vaSyncSurface(c.display, 12345), VA_STATUS_ERROR_INVALID_SURFACE);
  CHECK_STATUS(vaSyncSurface(c.display, c.config), VA_STATUS_ERROR_INVALID_SURFACE);
  CHECK_STATUS(vaDestroySurfaces(c.display, &c.surfaces[3], 1), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[3], 5, NONE), VA_STATUS_ERROR_INVALID_SURFACE);
  CHECK_STATUS(vaDestroySurfaces(c.display, &c.surfaces[3], 1), VA_STATUS_ERROR_INVALID_SURFACE);
  CHECK_STATUS(vaEndPicture(c.display, c.context), VA_STATUS_ERROR_OPERATION_FAILED);
  CHECK_STATUS(
      vaRenderPicture(c.display, c.context, NULL, 0), VA_STATUS_ERROR_OPERATION_FAILED);
  client_terminate(&c);
  CHECK_MISUSE("0x3039 is not one of the surfaces");
  CHECK_MISUSE("of the surfaces was destroyed");
  CHECK_MISUSE("vaEndPicture: no picture was begun");
  CHECK_MISUSE("vaRenderPicture: no picture was begun");
  CHECK_MISUSE("3 of the surfaces were not destroyed");
  CHECK_MISUSE("1 of the contexts were not destroyed");
  CHECK_MISUSE("\"live\":{\"surfaces\":3,\"buffers\":0,\"images\":0,\"contexts\":1,\"configs\":1}");

  VABufferID buffer;
  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(vaDeriveImage(c.display, c.surfaces[0], &image), OK);
  CHECK_STATUS(vaUnmapBuffer(c.display, image.buf), VA_STATUS_ERROR_OPERATION_FAILED);
  CHECK_STATUS(vaDestroySurfaces(c.display, c.surfaces, 1), OK);
  CHECK_STATUS(vaMapBuffer(c.display, image.buf, &data), OK);
  memset(data, 1, image.data_size);  // the memory is there as long as the image
  CHECK_STATUS(vaUnmapBuffer(c.display, image.buf), OK);
  CHECK_STATUS(vaDestroyImage(c.display, image.image_id), OK);
  CHECK_STATUS(
      vaCreateBuffer(
          c.display, c.context, VAPictureParameterBufferType, 64, 1, NULL, &buffer),
      OK);
  CHECK_STATUS(vaMapBuffer(c.display, buffer, &data), OK);
  CHECK_STATUS(vaBeginPicture(c.display, c.context, c.surfaces[1]), OK);
  CHECK_STATUS(vaRenderPicture(c.display, c.context, &buffer, 1), OK);
  CHECK_STATUS(vaDestroyBuffer(c.display, buffer), OK);
  CHECK_STATUS(vaBeginPicture(c.display, c.context, c.surfaces[1]), OK);
  CHECK_STATUS(vaDestroyContext(c.display, c.context), OK);
  CHECK_STATUS(vaDestroySurfaces(c.display, c.surfaces + 1, SURFACES - 1), OK);
  CHECK_STATUS(vaDestroyConfig(c.display, c.config), OK);
  client_terminate(&c);
  CHECK_MISUSE("is not mapped");
  CHECK_MISUSE("an image derived from surface");
  CHECK_MISUSE("vaRenderPicture: buffer");
  CHECK_MISUSE("vaDestroyBuffer: ");
  CHECK_MISUSE("vaBeginPicture: the picture before was not ended");
  CHECK_MISUSE("vaDestroyContext: a picture was begun");

  set("SOFTVA_SLOW", "decode=100");
  CHECK_STATUS(client_open(&c), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  overwrite(&c, c.surfaces[0], true);
  CHECK_STATUS(vaSyncSurface(c.display, c.surfaces[0]), OK);
  CHECK_STATUS(client_decode(&c, c.surfaces[0], 5, NONE), OK);
  CHECK_STATUS(vaDestroySurfaces(c.display, c.surfaces, SURFACES), OK);
  CHECK_STATUS(vaDestroyContext(c.display, c.context), OK);
  CHECK_STATUS(vaDestroyConfig(c.display, c.config), OK);
  client_terminate(&c);
  CHECK_MISUSE("vaDestroySurfaces: a picture is still on its way into surface");
  CHECK_MISUSE("vaPutImage: a picture is still on its way into surface");
}

// A malformed client gets an error, not a crash.
static void test_malformed(void) {
  struct client c;
  set(NULL, NULL);
  static const VAProfile profiles[] = {
      VAProfileH264High, VAProfileMPEG2Main, VAProfileVP8Version0_3, VAProfileJPEGBaseline,
      VAProfileHEVCMain, VAProfileHEVCMain10, VAProfileVP9Profile0, VAProfileVP9Profile2,
      VAProfileAV1Profile0};
  static const VABufferType types[] = {
      VAPictureParameterBufferType, VAIQMatrixBufferType, VAProbabilityBufferType,
      VAHuffmanTableBufferType, VASliceParameterBufferType, VASliceDataBufferType};
  CHECK_STATUS(client_open_display(&c), OK);
  VASurfaceID surface;
  CHECK_STATUS(
      vaCreateSurfaces(c.display, VA_RT_FORMAT_YUV420, WIDTH, HEIGHT, &surface, 1, NULL, 0), OK);
  unsigned seed = 1;
  for (size_t index = 0; index < sizeof profiles / sizeof *profiles; index++) {
    VAConfigID config;
    VAContextID context;
    if (vaCreateConfig(c.display, profiles[index], VAEntrypointVLD, NULL, 0, &config) != OK)
      continue;
    CHECK_STATUS(
        vaCreateContext(c.display, config, WIDTH, HEIGHT, 0, NULL, 0, &context), OK);
    for (int round = 0; round < 400; round++) {
      VABufferID buffers[8];
      int count = 0;
      for (size_t type = 0; type < sizeof types / sizeof *types; type++) {
        uint8_t bytes[4096];
        unsigned fill = (unsigned)rand_r(&seed) % 4;
        for (size_t at = 0; at < sizeof bytes; at++)
          bytes[at] = fill == 0 ? 0 : fill == 1 ? (uint8_t)rand_r(&seed)
                                              : (uint8_t)(rand_r(&seed) % 16 == 0 ? rand_r(&seed) : 0);
        unsigned size = rand_r(&seed) % 4 == 0 ? (unsigned)rand_r(&seed) % 256 + 1 : sizeof bytes;
        VASliceParameterBufferBase base = {
            .slice_data_size = (unsigned)rand_r(&seed) % 3000,
            .slice_data_offset = rand_r(&seed) % 8 == 0 ? (unsigned)rand_r(&seed) % 5000 : 0};
        if (types[type] == VASliceParameterBufferType && rand_r(&seed) % 8 != 0)
          memcpy(bytes, &base, sizeof base);
        if (rand_r(&seed) % 10 == 0) continue;
        if (vaCreateBuffer(c.display, context, types[type], size, 1, bytes, &buffers[count]) == OK)
          count++;
      }
      vaBeginPicture(c.display, context, surface);
      vaRenderPicture(c.display, context, buffers, count);
      vaEndPicture(c.display, context);
      for (int buffer = 0; buffer < count; buffer++) vaDestroyBuffer(c.display, buffers[buffer]);
    }
    vaSyncSurface(c.display, surface);
    vaDestroyContext(c.display, context);
    vaDestroyConfig(c.display, config);
  }
  vaDestroySurfaces(c.display, &surface, 1);
  client_terminate(&c);
  read_log();
  CHECK(strstr(line, "\"live\":{\"surfaces\":0,\"buffers\":0,") != NULL, "%s", line);
}

// Two threads with contexts of their own on one display, two with their own displays.
static struct client shared;
static void *decode_many(void *argument) {
  struct client *given = argument;
  struct client own;
  intptr_t wrong = 0;
  if (given == NULL) {
    if (client_open(&own) != OK) return (void *)1;
  } else {
    own = *given;
    if (vaCreateSurfaces(
            own.display, VA_RT_FORMAT_YUV420, WIDTH, HEIGHT, own.surfaces, SURFACES, NULL, 0) != OK ||
        vaCreateContext(
            own.display, own.config, WIDTH, HEIGHT, 0, NULL, 0, &own.context) != OK)
      return (void *)1;
  }
  for (int picture = 0; picture < 200; picture++) {
    bool intra = picture % 10 == 0;
    wrong += client_decode(
                 &own, own.surfaces[picture % SURFACES], 4 + picture / 10 % 4,
                 intra ? NONE : own.surfaces[(picture - 1) % SURFACES]) != OK;
    wrong += client_read(&own, own.surfaces[picture % SURFACES], true) !=
             GREY + 4 + picture / 10 % 4;
  }
  if (given == NULL) {
    client_close(&own);
  } else {
    vaDestroyContext(own.display, own.context);
    vaDestroySurfaces(own.display, own.surfaces, SURFACES);
  }
  return (void *)wrong;
}

static void test_threads(void) {
  set(NULL, NULL);
  CHECK_STATUS(client_open(&shared), OK);
  pthread_t threads[4];
  for (int index = 0; index < 4; index++)
    pthread_create(&threads[index], NULL, decode_many, index < 2 ? &shared : NULL);
  for (int index = 0; index < 4; index++) {
    void *wrong;
    pthread_join(threads[index], &wrong);
    CHECK(wrong == NULL, "%ld wrong", (long)(intptr_t)wrong);
  }
  client_close(&shared);
  CHECK_CLEAN();
}

int main(void) {
  snprintf(log_path, sizeof log_path, "/tmp/softva-test-%d.log", (int)getpid());
  setenv("SOFTVA_LOG", log_path, 1);
  static void (*const tests[])(void) = {
      test_decode, test_fail,  test_limits, test_slow,   test_corrupt,
      test_lost,   test_hang, test_crash,  test_export, test_misuse,
      test_malformed, test_threads, test_binds, test_bound_queue};
  for (size_t index = 0; index < sizeof tests / sizeof *tests; index++) tests[index]();
  unlink(log_path);
  printf("controls: %d checks, %d failed\n", checks, failures);
  return failures > 0;
}
