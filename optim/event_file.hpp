// EventFile: curves, pictures, histograms and texts for TensorBoard.
#pragma once
#include <autograd/tensor.hpp>
#include <optim/appended_file.hpp>
#include <optim/histogram.hpp>
#include <optim/png.hpp>
#include <optional>
#include <string>

namespace xtape::optim {

/// A file of events in the folder of one run, as `tensorboard --logdir` reads it. Each is there for readers at once.
///
///   optim::EventFile events("runs/first");
///   events.scalar("cost/training", 0.31, step);
///
/// A tag names what is logged, "group/name"; a step counts from 0; a time is in seconds since 1970, now by default. All
/// throw when the tag is empty or no UTF-8, when the step is negative, and when the file cannot be written; it then
/// ends with the last whole event. Format: records with masked CRC-32C (tensorflow/core/lib/io/record_writer.h) of the
/// message Event (tensorflow/core/util/event.proto).
class EventFile {
 public:
  /// A new file in `folder`, which is made where it is missing; a run has a folder of its own. The file is named
  /// "events.out.tfevents.SECONDS.PROCESS", so that it comes after the older ones there. A run that goes on names the
  /// step at which it does: readers forget what older files say of that step and later ones.
  explicit EventFile(const std::string& folder, std::int64_t purge_from_step = 0, Site site = Site::here());

  const std::string& path() const { return file_.path(); }

  /// A point of the curve `tag`, in float32.
  void scalar(const std::string& tag, double value, std::int64_t step, std::optional<double> time = {},
              Site site = Site::here());
  /// A picture as `encode_png` takes it, and throws.
  void image(const std::string& tag, const Tensor& picture, std::int64_t step, std::optional<PixelRange> range = {},
             std::optional<double> time = {}, Site site = Site::here());
  void histogram(const std::string& tag, const Histogram& histogram, std::int64_t step, std::optional<double> time = {},
                 Site site = Site::here());
  /// Of the elements of x.
  void histogram(const std::string& tag, const Tensor& x, std::int64_t step, std::optional<double> time = {},
                 Site site = Site::here());
  /// Markdown. Throws when it is no UTF-8.
  void text(const std::string& tag, const std::string& text, std::int64_t step, std::optional<double> time = {},
            Site site = Site::here());

 private:
  void write(const std::string& tag, const std::string& value, std::int64_t step, std::optional<double> time,
             Site site);
  AppendedFile file_;
};

}  // namespace xtape::optim
