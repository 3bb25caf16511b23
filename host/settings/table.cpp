#include "settings/table.h"

#include <iterator>

#include "settings/limits.h"

namespace reverie {
namespace {

// A new setting is one line here; a plugin's own settings are declared in the plugin.
constexpr Setting kTable[] = {
    {text("scenes", "").is_required().help("prompts: scenes separated by ||, the prompts of a scene by |"),
     "Prompts"},
    {text("scene_prefix", "").help("text put before each scene, before it is split at |"), "Prompts"},
    {text("scene_suffix", "").help("text put after each scene, before it is split at |"), "Prompts"},
    {list("prompts", "")
         .help("instead of scenes: prompts at frames, {0: a forest, 60: a city | fog:0.3}, each until the "
               "next"),
     "Prompts", true},
    {text("prompt_fade", "1s").help("how long one of prompts fades into the next: 12 (frames), 1s or 2b"),
     "Prompts"},
    {choice("prompt_fade_by", "weight", "weight|embedding")
         .help("how one of prompts fades into the next: weight: both count, by shares; embedding: one count, "
               "whose meaning goes over from one to the other"),
     "Prompts"},
    {boolean("wildcards", false)
         .help("draw one of {red|green|blue}, and of the lines of colours.txt for __colours__, by the seed"),
     "Prompts"},
    {text("wildcards_dir", "wildcards")
         .help("folder of the lists that wildcards are drawn from, beside the settings file or anywhere"),
     "Prompts"},
    {integer("interpolation_steps", 0)
         .at_least(0)
         .unit("steps")
         .fixed("times are counted by it")
         .help("steps at the start of a scene during which the previous scene fades out and this one in"),
     "Prompts"},
    {integer("steps_per_scene", 100)
         .at_least(1)
         .unit("steps")
         .fixed("times are counted by it")
         .help("optimisation steps per scene; at least interpolation_steps"),
     "Prompts"},
    {text("direct_image_prompts", "")
         .help("pictures the output should resemble pixel by pixel: path:weight_mask:stop, separated by |"),
     "Prompts"},
    {text("init_image", "").help("picture the optimisation starts from"), "Prompts"},
    {text("direct_init_weight", "").help("how strongly to stay near init_image, pixel by pixel"), "Prompts"},
    {text("semantic_init_weight", "").help("how strongly to stay near init_image in meaning"), "Prompts"},

    {integer("width", 512)
         .range(-1, kLargestSide)
         .unit("pixels")
         .fixed("what the image model optimises has this shape; stills grow with upscale_from")
         .help("width in the image model's pixels, before pixel_size; -1: from the height and the "
               "shape of init_image or the video"),
     "Image"},
    {integer("height", 512)
         .range(-1, kLargestSide)
         .unit("pixels")
         .fixed("what the image model optimises has this shape; stills grow with upscale_from")
         .help("height in the image model's pixels, before pixel_size; -1: from the width and the "
               "shape of init_image or the video"),
     "Image"},
    {list("upscale_from", "")
         .help("sizes of the longer side at which a still is begun, smallest first: [128, 256]; width and "
               "height are what it ends with"),
     "Image"},
    {list("upscale_at", "")
         .unit("steps")
         .help("the steps at which the sizes of upscale_from end; when empty, all sizes get as many steps"),
     "Image"},
    {choice("upscale_optimiser", "carry", "carry|restart")
         .help(
             "where a still grows: carry: the optimiser goes on with what it knows, brought to the new size; "
             "restart: it starts again"),
     "Image"},
    {number("smoothing_weight", 0.02)
         .is_animatable()
         .help("weight of total variation; 0 off, negative for a harsher picture"),
     "Image"},
    {list("losses", "")
         .help("further losses: names of loss plugins, or {name, weight, stop, mask, "
               "target, ...} with the plugin's parameters"),
     "Image", true, "name"},
    {text("image_model", "").help("the plugin that represents the picture"), "Image", false, "",
     "image_models", true},
    {choice("tile", "off", "off|x|y|xy")
         .help("the picture joins itself: x: its right edge continues at its left one; y: its lower edge at "
               "its upper one; xy: both"),
     "Image"},
    {boolean("alpha", false)
         .help(
             "a still that is transparent where no prompt needs anything, for outputs that keep that, as the "
             "default does"),
     "Image"},
    {number("alpha_weight", 1)
         .at_least(0)
         .fixed("transparency is for stills")
         .help("how strongly opaque parts count as loss where alpha is on: higher for less"),
     "Image"},
    {boolean("show_palette", false).help("show a palette swatch whenever the image is displayed"), "Image"},

    {text("animation_mode", "off").help("off, or the plugin that moves the picture"), "Animation", false, "",
     "animation"},
    {integer("pre_animation_steps", 50)
         .at_least(0)
         .unit("steps")
         .fixed("times are counted by it")
         .help("steps before the first move"),
     "Animation"},
    {integer("steps_per_frame", 50)
         .at_least(1)
         .unit("steps")
         .fixed("times are counted by it; cadence varies how many frames are optimised")
         .help("steps between moves; without animation, only a value that save_every can refer to"),
     "Animation"},
    {number("frames_per_second", 12)
         .above(0)
         .fixed("times are counted by it")
         .help("frames per second of t, which expressions use"),
     "Animation"},
    {number("bpm", 120)
         .above(0)
         .fixed("times are counted by it")
         .help("beats per minute of the music: for beat and bar in expressions, and for keyframes in beats"),
     "Animation"},
    {text("curves_file", "")
         .help("table of values by frame: CSV with a column for each setting, what Parseq writes (JSON), or "
               "a camera's "
               "path (.chan, COLMAP, CSV)"),
     "Animation"},
    {number("camera_scale", 100)
         .above(0)
         .unit("pixels")
         .fixed("a camera's path is read before the run begins")
         .help("one unit in a camera's path of curves_file"),
     "Animation"},
    {text("depth_model", "").help("the plugin that estimates depth; when empty, the first of these"),
     "Animation", false, "", "depth_estimators"},
    {text("flow_model", "")
         .help("the plugin that estimates optical flow; when empty, the first of these, for a loss the first "
               "with gradients"),
     "Animation", false, "", "flow_estimators"},
    {text("direct_stabilization_weight", "")
         .help("keep the moved previous frame, or the video frame, pixel by pixel"),
     "Animation"},
    {text("semantic_stabilization_weight", "")
         .help("keep the meaning of the moved previous frame, or of the video frame"),
     "Animation"},
    {text("depth_stabilization_weight", "").help("keep the depth map"), "Animation"},
    {text("edge_stabilization_weight", "").help("keep the edges"), "Animation"},
    {text("flow_stabilization_weight", "").help("keep the optical flow"), "Animation"},
    {text("video_path", "")
         .help("source for the mode Video Source: a video, a folder of pictures, or frames/f_%04d.png"),
     "Animation"},
    {integer("frame_stride", 1)
         .at_least(1)
         .fixed("it says which frame of the video a frame shows; FFmpeg's filter setpts makes a video that "
                "changes its speed")
         .help("frames of the video, and of mask videos, for each rendered frame"),
     "Animation"},
    {text("color_coherence", "none")
         .help("whose colours each frame gets after its move: none, first (the first frame's), previous, or "
               "those of a picture or video file"),
     "Animation"},
    {choice("color_coherence_space", "lab", "lab|hsv|rgb|histogram")
         .help(
             "what of the colours is matched: mean and deviation in Lab, of saturation and value, or of red, "
             "green and blue; or the histograms of red, green and blue"),
     "Animation"},
    {number("color_coherence_strength", 1)
         .range(0, 1)
         .is_animatable()
         .help("how far colours are matched at each move: 0 not at all, 1 wholly"),
     "Animation"},
    {number("anti_blur", 0)
         .at_least(0)
         .is_animatable()
         .help("how much each move's picture is sharpened by an unsharp mask; 0 not at all, 1 twice the "
               "detail"),
     "Animation"},
    {number("anti_blur_radius", 1)
         .above(0)
         .is_animatable()
         .unit("pixels")
         .help("deviation of the Gaussian of anti_blur"),
     "Animation"},
    {number("frame_noise", 0)
         .at_least(0)
         .is_animatable()
         .help("deviation of the noise that each move's picture gets, where white is 1"),
     "Animation"},
    {choice("frame_noise_type", "white", "white|perlin")
         .help("of frame_noise: each pixel by itself, or soft blots"),
     "Animation"},
    {number("frame_noise_size", 16)
         .at_least(1)
         .unit("pixels")
         .fixed("frame_noise, its strength, is what varies")
         .help("size of the blots of perlin"),
     "Animation"},
    {integer("cadence", 1)
         .range(1, 1000)
         .is_animatable()
         .help("one of so many frames is optimised, those between are made by the motion alone and blended "
               "with it; in 2D "
               "and 3D; an expression is rounded"),
     "Animation"},
    {boolean("loop", false)
         .help("the last frame leads into the first: at the end, the picture goes over into its beginning"),
     "Animation"},
    {integer("loop_frames", 12)
         .at_least(1)
         .fixed("times are counted by it")
         .help("frames of the transition of loop; as many are rendered, but not saved, at the beginning"),
     "Animation"},

    {text("input_audio", "").help("sound file that motion and weights can follow"), "Audio"},
    {number("input_audio_offset", 0)
         .at_least(0)
         .unit("seconds")
         .fixed("the sound is cut there before the run begins")
         .help("where in the file to start"),
     "Audio"},
    {list("input_audio_filters", "")
         .help("what expressions can follow of the sound: {variable_name, f_center, f_width, order} for a "
               "band of frequencies, {variable_name, filter, ...} for what another audio plugin hears"),
     "Audio", true},

    {text("file_namespace", "default").help("name of the run's folder below output_dir"), "Output"},
    {text("output_dir", "images_out").help("where pictures, videos and saved settings go"), "Output"},
    {text("backup_dir", "backup").help("where backups go, in folders of the same name"), "Output"},
    {boolean("allow_overwrite", false)
         .help("write over an earlier run's files instead of choosing a free name"),
     "Output"},
    {integer("display_every", 50)
         .at_least(0)
         .unit("steps")
         .fixed("displays are counted by it")
         .help("steps between displays; 0 off"),
     "Output"},
    {integer("clear_every", 0)
         .at_least(0)
         .unit("steps")
         .fixed("displays are counted by it")
         .help("steps between clears of the display; 0 off"),
     "Output"},
    {number("display_scale", 1)
         .above(0)
         .fixed("it changes no picture that is saved")
         .help("scale of the display only"),
     "Output"},
    {list("viewers", "").help("plugins that show the run; when not given, on a terminal the first of these"),
     "Output", false, "", "viewers"},
    {integer("save_every", 50)
         .at_least(0)
         .unit("steps")
         .fixed("files are counted by it")
         .help("steps between saved frames; 0, or something moves and this is not given: steps_per_frame"),
     "Output"},
    {list("outputs", "").help("plugins that write the finished frames"), "Output", false, "", "io", true},
    {text("backups", "3").help("backups to keep, or all"), "Output"},
    {boolean("show_graphs", false).help("loss graphs with each display"), "Output"},
    {boolean("approximate_vram_usage", false).help("report memory per component"), "Output"},
    {boolean("use_tensorboard", false).help("write TensorBoard event files"), "Output"},
    {text("changes_file", "")
         .help("changes that were made while an earlier run went, to be made again at their steps: the file "
               "NAME_changes.json beside that run's backups"),
     "Output"},
    {boolean("restore", false).help("continue the newest run of file_namespace"), "Output"},

    {list("perceptors", "")
         .help("models that judge the picture, besides those switched on below: names (reverie models list), "
               "paths of weights files, or perceptor plugins that need none; {name, weight} multiplies what "
               "one says by its weight, which may be an expression; when nothing is chosen, "
               "ViT-B/32 if it is installed, else tiny_resnet and tiny_vit"),
     "Perceptors"},
    {boolean("ViTB32", true)
         .help("OpenAI's ViT-B/32; counts as chosen only when a file or the command line sets it"),
     "Perceptors"},
    {boolean("ViTB16", false).help("OpenAI's ViT-B/16"), "Perceptors"},
    {boolean("ViTL14", false).help("OpenAI's ViT-L/14"), "Perceptors"},
    {boolean("ViTL14_336px", false).help("OpenAI's ViT-L/14@336px"), "Perceptors"},
    {boolean("RN50", false).help("OpenAI's RN50"), "Perceptors"},
    {boolean("RN101", false).help("OpenAI's RN101"), "Perceptors"},
    {boolean("RN50x4", false).help("OpenAI's RN50x4"), "Perceptors"},
    {boolean("RN50x16", false).help("OpenAI's RN50x16"), "Perceptors"},
    {boolean("RN50x64", false).help("OpenAI's RN50x64"), "Perceptors"},
    {text("optimiser", "").help("the plugin that changes the image model's parameters at each step"),
     "Perceptors", false, "", "optimisers", true},
    {number("learning_rate", 0)
         .above(0)
         .may_be_null()
         .is_animatable()
         .help("optimiser step size; null = the image model's own, which is meant for the default optimiser"),
     "Perceptors"},
    {number("learning_rate_decay", 0)
         .range(0, 1)
         .fixed("it is a curve itself; learning_rate takes any other")
         .help(
             "how far the learning rate falls over each scene, along a cosine: 0 = not at all, 1 = to zero"),
     "Perceptors"},
    {boolean("reset_lr_each_frame", true).help("new optimiser state after each move"), "Perceptors"},
    {integer("seed", 0)
         .range(-9223372036854775808.0, 18446744073709551615.0)
         .may_be_null()
         .fixed("the random numbers of the whole run follow from it")
         .help("seed of the random numbers; null = from the clock"),
     "Perceptors"},
    {text("cutout_method", "").help("the plugin that takes and augments cutouts"), "Perceptors", false, "",
     "cutouts", true},
    {integer("cutouts", 40)
         .range(1, 4096)
         .is_animatable()
         .help("parts of the picture that each perceptor sees in a step; an expression is rounded"),
     "Perceptors"},
    {number("cut_pow", 2)
         .above(0)
         .is_animatable()
         .help("large = small cutouts (detail), small = large cutouts (coherence)"),
     "Perceptors"},
    {number("cutout_border", 0.25)
         .range(0, 1)
         .is_animatable()
         .help("how far cutouts may extend beyond the edge, as a fraction of the side"),
     "Perceptors"},
    {number("cutout_overviews", 0)
         .range(0, 1)
         .is_animatable()
         .help(
             "share of the cutouts that show nearly the whole picture, resized to a square, for composition"),
     "Perceptors"},
    {number("cutout_erasing", 0.7)
         .range(0, 1)
         .is_animatable()
         .help("chance that a tenth to four tenths of a cutout are erased"),
     "Perceptors"},
    {choice("border_mode", "clamp", "clamp|mirror|wrap|black|smear").help("what cutouts see beyond the edge"),
     "Perceptors"},
    {integer("cutout_groups", 0)
         .range(0, 16)
         .fixed("random numbers are drawn and sums are ordered by it")
         .help("groups that the cutouts are computed and summed in: 1, 2, 4, 8 or 16, so that any number of "
               "ranks (--ranks) "
               "makes the same bytes; 0: one group, or 16 with ranks"),
     "Perceptors"},
    {integer("gradient_accumulation_steps", 1)
         .at_least(1)
         .fixed("it decides how much memory the run takes")
         .help("batches the cutouts are split into, to save memory; must divide cutouts"),
     "Perceptors"},
    {choice("gradient_accumulation", "fixed", "fixed|auto")
         .help("auto: more batches than gradient_accumulation_steps where a GPU's memory does not suffice"),
     "Perceptors"},
    {boolean("cuda_graphs", false)
         .help(
             "record a perceptor's work on a GPU once for each number of cutouts, and launch it as a whole"),
     "Perceptors"},
    {text("models_parent_dir", "~/.cache").help("folder of downloaded models, each family below it"),
     "Perceptors"},
    {text("device", "auto")
         .help("auto, cpu, cuda or cuda:N; N alone is that GPU if there is any GPU, else the CPU"),
     "Perceptors"},
    {choice("precision", "auto", "auto|fp32|bf16|fp16")
         .help("what networks compute in; the picture stays fp32. auto: bf16 on a GPU and where the "
               "processor computes it natively, else fp32. fp16 needs a GPU"),
     "Perceptors"},
    {boolean("deterministic", false)
         .help("on a GPU: the same bytes each time also from LibTorch's own operators; the run ends where "
               "one of "
               "them cannot. The CPU always gives the same bytes"),
     "Perceptors"},
};

constexpr const char* kAliases[][2] = {
    {"output_sinks", "outputs"}, {"target_pallete", "target_palette"}, {"lock_pallete", "lock_palette"}};

}  // namespace

std::span<const Setting> settings_table() { return kTable; }

const char* alias_of(const std::string& lower_case_name) {
  for (const auto& [alias, name] : kAliases)
    if (lower_case_name == alias) return name;
  return nullptr;
}

}  // namespace reverie
