#pragma once
#include <libavformat/avformat.h>
#include <libavformat/version.h>
