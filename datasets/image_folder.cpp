#include "image_folder.hpp"

#include <algorithm>
#include <autograd/files/input_file.hpp>
#include <cctype>
#include <filesystem>
#include <system_error>
#include <utility>

#include "image_file.hpp"

namespace xtape::datasets {
namespace {

namespace fs = std::filesystem;
using xtape::detail::FilePlace;

bool is_picture(const fs::path& path) {
  std::string end = path.extension().string();
  std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) { return std::tolower(c); });
  return end == ".png" || end == ".jpg" || end == ".jpeg";
}

std::vector<std::string> classes_in(const FilePlace& place) {
  std::error_code failed;
  std::vector<std::string> classes;
  for (fs::directory_iterator entry(place.what, failed), end; !failed && entry != end; entry.increment(failed))
    if (std::error_code ignored; entry->is_directory(ignored)) classes.push_back(entry->path().filename().string());
  if (failed) place.refuse("its folders cannot be listed: " + failed.message());
  std::sort(classes.begin(), classes.end());
  if (classes.empty() || classes.size() > 256)
    place.refuse("it has " + std::to_string(classes.size()) + " folders, expected one for each of 1 to 256 classes");
  return classes;
}

// Sorted by folder, then by name.
std::vector<std::string> pictures_in(const FilePlace& place) {
  std::error_code failed;
  std::vector<std::pair<std::string, std::string>> found;
  for (fs::recursive_directory_iterator entry(place.what, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const fs::path& path = entry->path();
    if (std::error_code ignored; is_picture(path) && entry->is_regular_file(ignored))
      found.emplace_back(path.parent_path().string(), path.filename().string());
  }
  if (failed) place.refuse("its files cannot be listed: " + failed.message());
  if (found.empty()) place.refuse("it has no .png, .jpg or .jpeg file, expected at least one in each folder");
  std::sort(found.begin(), found.end());
  std::vector<std::string> files;
  for (const auto& [folder, name] : found) files.push_back((fs::path(folder) / name).string());
  return files;
}

}  // namespace

ImageFolder read_image_folder(const std::string& path, const ImageFolderOptions& options, Site site) {
  const Scope scope(site);
  const bool resized = options.rows_ != 0 || options.cols_ != 0;
  ImageFolder folder;
  Images& images = folder.images;
  folder.classes = classes_in({"read_image_folder", path, site});
  for (std::size_t label = 0; label < folder.classes.size(); ++label) {
    const std::string inside = (fs::path(path) / folder.classes[label]).string();
    for (std::string& file : pictures_in({"read_image_folder", inside, site})) {
      Tensor image = read_image(file, options.channels_);
      if (resized) image = resize_image(image, options.rows_, options.cols_);
      const std::int64_t rows = image.shape()[1], cols = image.shape()[2];
      if (images.count == 0) images.rows = rows, images.cols = cols, images.channels = options.channels_;
      if (rows != images.rows || cols != images.cols)
        fail("read_image_folder",
             file + ": it has " + std::to_string(rows) + " x " + std::to_string(cols) + " pixels, expected " +
                 std::to_string(images.rows) + " x " + std::to_string(images.cols) + " as " + folder.files.front() +
                 " has, or the option resize",
             site);
      const auto* pixels = image.data<std::uint8_t>();
      images.pixels.insert(images.pixels.end(), pixels, pixels + image.size());
      images.labels.push_back(static_cast<std::uint8_t>(label));
      folder.files.push_back(std::move(file));
      ++images.count;
    }
  }
  return folder;
}

}  // namespace xtape::datasets
