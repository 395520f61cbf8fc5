// Published data sets of images beside MNIST.
#pragma once
#include <string>
#include <vector>

#include "images.hpp"

namespace xtape::datasets {

/// Images to train with and to test, and the names of their classes.
struct ImageSet {
  Images train, test;
  std::vector<std::string> classes;
  /// The directory that the files were read from.
  std::string source;
};

/// Fashion-MNIST: 60,000 and 10,000 grey images of 28 x 28 pixels, of ten kinds of clothes. As all that follow, it
/// reads the directory `data`, which holds the files by their published names, raw or with ".gz", or, when that is
/// empty, the user's cache ($XDG_CACHE_HOME/xtape/NAME or ~/.cache/xtape/NAME), into which the files are downloaded
/// first where need be, from XTAPE_MIRROR when that is set. Throws when a file is missing or wrong or cannot be
/// written, and DownloadError when nobody delivers it. Source: H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747.
ImageSet fashion_mnist(const std::string& data = "", Site site = Site::here());
/// Kuzushiji-MNIST: the same of ten cursive hiragana. Source: T. Clanuwat et al., arXiv:1812.01718.
ImageSet kmnist(const std::string& data = "", Site site = Site::here());
/// A split of EMNIST: "byclass" (62 classes: digits, capitals, small letters), "bymerge" and "balanced" (47: letters
/// that look alike are one), "letters" (26), "digits" and "mnist" (10). Images are upright, which the files' are not,
/// and labels count from 0, those of the letters too. Source: G. Cohen et al., arXiv:1702.05373.
ImageSet emnist(const std::string& split, const std::string& data = "", Site site = Site::here());
/// CIFAR-10, the binary version: 50,000 and 10,000 coloured images of 32 x 32 pixels in ten classes. Source:
/// A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
ImageSet cifar10(const std::string& data = "", Site site = Site::here());
/// Which classes CIFAR-100's labels tell: all 100, or the 20 that they are grouped in.
enum class CifarLabels { fine, coarse };
/// CIFAR-100, the binary version: the same in 100 classes.
ImageSet cifar100(const std::string& data = "", CifarLabels labels = CifarLabels::fine, Site site = Site::here());

}  // namespace xtape::datasets
