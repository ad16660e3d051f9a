// A small VA client that decodes MPEG-2 pictures of one colour: for the driver's own tests.

#ifndef SOFTVA_TEST_CLIENT_H
#define SOFTVA_TEST_CLIENT_H

#include <stdbool.h>
#include <va/va.h>

#define WIDTH 64
#define HEIGHT 48
#define SURFACES 4

struct client {
  int descriptor;
  VADisplay display;
  VAConfigID config;
  VAContextID context;
  VASurfaceID surfaces[SURFACES];
};

// Opens /dev/null as the device and initialises the display.
VAStatus client_open_display(struct client *client);
// The display, a configuration, surfaces and a context.
VAStatus client_open(struct client *client);
void client_close(struct client *client);
// Only the display: what else there is stays live.
VAStatus client_terminate(struct client *client);

// Submits an I picture whose DC is `level` (8 a step), or, with a reference, a P picture that
// repeats it. As libavcodec does: after a failure vaEndPicture is called still, and all buffers are
// destroyed. Returns the first failure.
VAStatus client_decode(
    struct client *client, VASurfaceID target, int level, VASurfaceID reference);
// The first luma sample by vaGetImage; -1 where a call failed. `sync`: wait first.
int client_read(struct client *client, VASurfaceID surface, bool sync);

#endif
