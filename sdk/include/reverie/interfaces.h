#pragma once
// The interfaces of all kinds of plugins, for those who list them: see kinds.h. A plugin includes its own.

#include "reverie/animation_mode.h"
#include "reverie/audio_filter.h"
#include "reverie/cutout_method.h"
#include "reverie/depth_estimator.h"
#include "reverie/flow_estimator.h"
#include "reverie/frame_source.h"
#include "reverie/image_model.h"
#include "reverie/kinds.h"
#include "reverie/loss.h"
#include "reverie/optimiser.h"
#include "reverie/output_sink.h"
#include "reverie/perceptor.h"
#include "reverie/sound_source.h"
#include "reverie/viewer.h"
