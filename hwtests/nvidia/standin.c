// Preloaded before vabuf, for nvidia-vaapi-driver 0.0.8 with its EGL backend on a machine that has CUDA and NVDEC and no
// DRM node. It answers for what the driver asks of EGL, which it needs for exports only, and corrects one fault of this
// version. Decoders, arrays and copies are the true ones; an exported surface is an empty file. The node is answered for by
// ../SoftwareDriver/preload.c, which is in the same library.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define VISIBLE __attribute__((visibility("default")))

// The driver takes CUDA's functions by dlsym, so that is where they are replaced (below).

typedef void *(*Dlsym)(void *, const char *);

static Dlsym realDlsym(void) {
  static Dlsym real;
  if (real == NULL) *(void **)&real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
  return real;
}

static void *cuda(const char *name) {
  static void *library;
  if (library == NULL) library = dlopen("libcuda.so.1", RTLD_LAZY);
  return realDlsym()(library, name);
}

// EGL, as far as src/export-buf.c of the driver calls it. There is no eglQueryDevicesEXT, so the driver takes CUDA's GPU 0.
// One array that is presented gives one event, on the same thread and under the driver's lock.

enum { EGL_STREAM_IMAGE_AVAILABLE = 0x3376 };
#define FOURCC(a, b, c, d) ((a) | (b) << 8 | (c) << 16 | (uint32_t)(d) << 24)
enum { NV12 = FOURCC('N', 'V', '1', '2'), P010 = FOURCC('P', '0', '1', '0') };
enum { R16 = FOURCC('R', '1', '6', ' '), RG1616 = FOURCC('R', 'G', '3', '2') };

// CUeglFrame of cudaEGL.h.
struct frame {
  void *planes[3];
  unsigned width, height, depth, pitch, planeCount, channels;
  int type, color, format;
};
enum { UNSIGNED_INT8 = 1 };  // CU_AD_FORMAT_UNSIGNED_INT8

static __thread struct frame presented;
static __thread int events;

static int yes(void) { return 1; }

static int queryFormats(void *display, int most, int *formats, int *count) {
  (void)display;
  if (most < 2) return 0;
  formats[0] = R16;
  formats[1] = RG1616;
  *count = 2;
  return 1;
}

static int queryEvent(void *display, void *stream, uint64_t timeout, unsigned *event, intptr_t *aux) {
  (void)display, (void)stream, (void)timeout, (void)aux;
  if (events == 0) return 0;
  events--;
  *event = EGL_STREAM_IMAGE_AVAILABLE;
  return 1;
}

static int acquireImage(void *display, void *stream, void **image, void *sync) {
  (void)display, (void)stream, (void)sync;
  *image = &presented;
  return 1;
}

static int exportQuery(void *display, void *image, int *fourcc, int *planes, uint64_t *modifiers) {
  (void)display, (void)image;
  *fourcc = presented.format == UNSIGNED_INT8 ? NV12 : P010;
  *planes = 2;
  modifiers[0] = modifiers[1] = 0;
  return 1;
}

static int exportImage(void *display, void *image, int *files, int *strides, int *offsets) {
  (void)display, (void)image;
  for (int plane = 0; plane < 2; plane++) {
    if ((files[plane] = memfd_create("no export", MFD_CLOEXEC)) < 0) return 0;
    strides[plane] = (int)presented.width * (presented.format == UNSIGNED_INT8 ? 1 : 2);
    offsets[plane] = 0;
  }
  return 1;
}

VISIBLE void *eglGetProcAddress(const char *name) {
  static const struct {
    const char *name;
    void *function;
  } known[] = {
      {"eglQueryDmaBufFormatsEXT", queryFormats},
      {"eglQueryStreamConsumerEventNV", queryEvent},
      {"eglStreamAcquireImageNV", acquireImage},
      {"eglExportDMABUFImageQueryMESA", exportQuery},
      {"eglExportDMABUFImageMESA", exportImage},
      {"eglDebugMessageControlKHR", yes},
      {"eglStreamReleaseImageNV", yes},
      {"eglStreamImageConsumerConnectNV", yes},
      {"eglCreateStreamKHR", yes},
      {"eglDestroyStreamKHR", yes},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(known[i].name, name) == 0) return known[i].function;
  return NULL;
}

static int anything;
VISIBLE void *eglGetPlatformDisplay(unsigned platform, void *native, const intptr_t *attributes) {
  (void)platform, (void)native, (void)attributes;
  return &anything;
}
VISIBLE void *eglGetDisplay(void *native) { return (void)native, &anything; }
VISIBLE unsigned eglInitialize(void *display, int *major, int *minor) {
  (void)display;
  if (major != NULL) *major = 1;
  if (minor != NULL) *minor = 5;
  return 1;
}
VISIBLE void *eglCreateImage(void *display, void *context, unsigned target, void *buffer, const intptr_t *attributes) {
  (void)display, (void)context, (void)target, (void)buffer, (void)attributes;
  return &anything;
}
VISIBLE unsigned eglDestroyImage(void *display, void *image) { return (void)display, (void)image, 1; }

// CUDA's streams to EGL. Nothing comes back from a consumer that is none.

static int succeed(void) { return 0; }
static int nothingReturned(void) { return 999; }  // CUDA_ERROR_UNKNOWN

static int presentFrame(void *connection, struct frame frame, void *stream) {
  (void)connection, (void)stream;
  presented = frame;
  events = 1;
  return 0;
}

// vaGetImage copies without CUDA's context in this version. It is that in which the array was made.

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
  void *array, *context;
} arrays[4096];
enum { ARRAYS = sizeof arrays / sizeof arrays[0] };

/// Puts `array` and `context` in place of `old`; NULL is a free place.
static void remember(void *old, void *array, void *context) {
  pthread_mutex_lock(&lock);
  for (size_t i = 0; i < ARRAYS; i++)
    if (arrays[i].array == old) {
      arrays[i].array = array;
      arrays[i].context = context;
      break;
    }
  pthread_mutex_unlock(&lock);
}

static void *contextOf(void *array) {
  void *context = NULL;
  pthread_mutex_lock(&lock);
  for (size_t i = 0; i < ARRAYS && context == NULL; i++)
    if (arrays[i].array == array) context = arrays[i].context;
  pthread_mutex_unlock(&lock);
  return context;
}

static int createArray(void **array, const void *descriptor) {
  int (*create)(void **, const void *) = cuda("cuArray3DCreate_v2");
  int (*current)(void **) = cuda("cuCtxGetCurrent");
  int status = create(array, descriptor);
  void *context = NULL;
  if (status == 0 && current(&context) == 0) remember(NULL, *array, context);
  return status;
}

static int destroyArray(void *array) {
  int (*destroy)(void *) = cuda("cuArrayDestroy");
  if (array != NULL) remember(array, NULL, NULL);
  return destroy(array);
}

// CUDA_MEMCPY2D of cuda.h, its beginning.
struct copy {
  size_t x, y;
  int memoryType;
  const void *host;
  uint64_t device;
  void *array;
};
enum { ARRAY = 3 };  // CU_MEMORYTYPE_ARRAY

static int copy2D(const struct copy *copy) {
  int (*real)(const struct copy *) = cuda("cuMemcpy2D_v2");
  int (*push)(void *) = cuda("cuCtxPushCurrent_v2");
  int (*pop)(void **) = cuda("cuCtxPopCurrent_v2");
  void *context = copy->memoryType == ARRAY ? contextOf(copy->array) : NULL;
  if (context == NULL) return real(copy);
  int status = push(context);
  if (status != 0) return status;
  status = real(copy);
  pop(&context);
  return status;
}

static void *replacement(const char *name) {
  static const struct {
    const char *name;
    void *function;
  } replaced[] = {
      {"cuEGLStreamProducerConnect", succeed},
      {"cuEGLStreamProducerDisconnect", succeed},
      {"cuEGLStreamConsumerDisconnect", succeed},
      {"cuEGLStreamProducerPresentFrame", presentFrame},
      {"cuEGLStreamProducerReturnFrame", nothingReturned},
      {"cuArray3DCreate_v2", createArray},
      {"cuArrayDestroy", destroyArray},
      {"cuMemcpy2D_v2", copy2D},
  };
  if (strncmp(name, "cu", 2) == 0)
    for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++)
      if (strcmp(replaced[i].name, name) == 0) return replaced[i].function;
  return NULL;
}

VISIBLE void *dlsym(void *restrict library, const char *restrict name) {
  void *function = replacement(name);
  if (function != NULL) return function;
  // With -O2 a jump, not a call: what RTLD_NEXT means depends on who calls.
  return realDlsym()(library, name);
}
