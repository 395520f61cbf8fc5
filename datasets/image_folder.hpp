// Folders of pictures.
#pragma once
#include <string>
#include <vector>

#include "images.hpp"

namespace xtape::datasets {

/// The pictures of a folder, the names of its classes, and the file of each picture.
struct ImageFolder {
  Images images;
  std::vector<std::string> classes, files;
};

/// What becomes of the pictures: `ImageFolderOptions().channels(1).resize(28, 28)`.
class ImageFolderOptions {
 public:
  /// 3 by default: red, green and blue; 1: grey.
  ImageFolderOptions& channels(int v) { return channels_ = v, *this; }
  /// The size that all get, as `resize_image` does it; without it, all must have that of the first.
  ImageFolderOptions& resize(std::int64_t rows, std::int64_t cols) { return rows_ = rows, cols_ = cols, *this; }

 private:
  friend ImageFolder read_image_folder(const std::string&, const ImageFolderOptions&, Site);
  int channels_ = 3;
  std::int64_t rows_ = 0, cols_ = 0;
};

/// The PNG and JPEG files (.png, .jpg, .jpeg) in the folders of `path`, each folder a class and both in alphabetical
/// order; folders in these belong to the class, and other files are passed over. Throws as `read_image`, naming the
/// file, when one has another size than the first, and when there is no class, one without pictures, or more than 256.
/// Source: torchvision's ImageFolder.
ImageFolder read_image_folder(const std::string& path, const ImageFolderOptions& options = {},
                              Site site = Site::here());

}  // namespace xtape::datasets
