#include "image_file.hpp"

#include <cstdio>
// Needs cstdio before it.
#include <jerror.h>
#include <jpeglib.h>
#include <png.h>
#include <sys/stat.h>

#include <autograd/files/input_file.hpp>
#include <cerrno>
#include <csetjmp>
#include <cstring>
#include <memory>
#include <vector>

namespace xtape::datasets {
using namespace xtape::detail;

namespace {

using xtape::detail::FilePlace;

// A file while it is decoded, and what comes of it: grey or red, green and blue, pixel by pixel. The decoders report an
// error by a jump over their own frames, so that what they fill is kept here, and nothing with a destructor in them.
struct Picture {
  std::FILE* file = nullptr;
  std::int64_t file_size = 0, rows = 0, cols = 0, channels = 0;
  std::vector<std::uint8_t> bytes;
  std::int64_t unread = 0;  // bytes that the decoder took from the file and did not use
  char why[JMSG_LENGTH_MAX + 100] = "";
  std::jmp_buf back;
};

// Makes room for the pixels, unless they are more than there can be: `densest` to a byte of the file.
bool make_room(Picture& picture, std::int64_t densest) {
  constexpr std::int64_t most = 1 << 26;
  const std::int64_t pixels = picture.rows * picture.cols;
  if (pixels <= most && pixels / densest <= picture.file_size) {
    picture.bytes.resize(static_cast<std::size_t>(pixels * picture.channels));
    return true;
  }
  if (pixels > most)
    std::snprintf(picture.why, sizeof picture.why, "it has %lld x %lld pixels, expected at most %lld in all",
                  static_cast<long long>(picture.rows), static_cast<long long>(picture.cols),
                  static_cast<long long>(most));
  else
    std::snprintf(picture.why, sizeof picture.why, "it claims %lld x %lld pixels, which its %lld bytes cannot hold",
                  static_cast<long long>(picture.rows), static_cast<long long>(picture.cols),
                  static_cast<long long>(picture.file_size));
  return false;
}

struct Png {
  explicit Png(Picture& picture)
      : read(png_create_read_struct(PNG_LIBPNG_VER_STRING, &picture, on_error, [](png_structp, png_const_charp) {})),
        info(read ? png_create_info_struct(read) : nullptr) {}
  ~Png() { png_destroy_read_struct(&read, &info, nullptr); }
  static void on_error(png_structp png, png_const_charp message) {
    auto& picture = *static_cast<Picture*>(png_get_error_ptr(png));
    std::snprintf(picture.why, sizeof picture.why, "libpng: %s", message);
    std::longjmp(picture.back, 1);
  }
  png_structp read;
  png_infop info;
};

bool decode(Png& png, Picture& picture) {
  if (setjmp(picture.back)) return false;
  png_init_io(png.read, picture.file);
  png_set_user_limits(png.read, 0x7fffffff, 0x7fffffff);  // `make_room` has its own
  png_read_info(png.read, png.info);
  picture.rows = png_get_image_height(png.read, png.info), picture.cols = png_get_image_width(png.read, png.info);
  picture.channels = png_get_color_type(png.read, png.info) & PNG_COLOR_MASK_COLOR ? 3 : 1;
  constexpr std::int64_t most = 1032 * 8;  // bits that deflate makes of a byte
  const int bits = png_get_channels(png.read, png.info) * png_get_bit_depth(png.read, png.info);
  if (!make_room(picture, most / bits)) return false;
  png_set_expand(png.read);
  png_set_strip_16(png.read);
  png_set_strip_alpha(png.read);
  const int passes = png_set_interlace_handling(png.read);
  png_read_update_info(png.read, png.info);
  const auto stride = static_cast<std::size_t>(picture.cols * picture.channels);
  if (png_get_rowbytes(png.read, png.info) != stride) png_error(png.read, "a row has an unexpected length");
  for (int pass = 0; pass < passes; ++pass)
    for (std::int64_t row = 0; row < picture.rows; ++row)
      png_read_row(png.read, picture.bytes.data() + static_cast<std::size_t>(row) * stride, nullptr);
  png_read_end(png.read, nullptr);
  return true;
}

struct Jpeg {
  explicit Jpeg(Picture& picture) {
    std::memset(&info, 0, sizeof info);
    info.err = jpeg_std_error(&errors);
    info.client_data = &picture;
    errors.error_exit = on_error;
    errors.emit_message = on_message;
  }
  ~Jpeg() { jpeg_destroy_decompress(&info); }
  static void on_error(j_common_ptr info) {
    auto& picture = *static_cast<Picture*>(info->client_data);
    char message[JMSG_LENGTH_MAX];
    info->err->format_message(info, message);
    std::snprintf(picture.why, sizeof picture.why, "libjpeg: %s", message);
    std::longjmp(picture.back, 1);
  }
  // Where pixels are lost, libjpeg only warns, and invents others.
  static void on_message(j_common_ptr info, int level) {
    switch (info->err->msg_code) {
      case JWRN_EXTRANEOUS_DATA:
      case JWRN_JFIF_MAJOR:
      case JWRN_ADOBE_XFORM: return;
      default:
        if (level < 0) on_error(info);
    }
  }
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
};

bool decode(Jpeg& jpeg, Picture& picture) {
  jpeg_decompress_struct& info = jpeg.info;
  if (setjmp(picture.back)) {
    const bool at_end = !info.src || jpeg.errors.msg_code == JWRN_JPEG_EOF;
    picture.unread = at_end ? 0 : static_cast<std::int64_t>(info.src->bytes_in_buffer);
    return false;
  }
  jpeg_create_decompress(&info);
  jpeg_stdio_src(&info, picture.file);
  jpeg_read_header(&info, TRUE);
  picture.rows = info.image_height, picture.cols = info.image_width;
  picture.channels = info.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
  constexpr std::int64_t pixels_of_a_bit = 64;  // a block of which only the mean is told
  if (!make_room(picture, 8 * pixels_of_a_bit)) return false;
  info.out_color_space = picture.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row =
        picture.bytes.data() + static_cast<std::size_t>(info.output_scanline * picture.cols * picture.channels);
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

// Channel by channel, in 1 or 3 of them.
Tensor in_channels(const Picture& picture, std::int64_t channels, Site site) {
  const std::int64_t n = picture.rows * picture.cols, k = picture.channels;
  Ref<Array> image = make_array(uint8, Shape{channels, picture.rows, picture.cols}, site);
  auto* to = image->at<std::uint8_t>();
  const std::uint8_t* from = picture.bytes.data();
  for (std::int64_t i = 0; i < n; ++i, from += k)
    if (channels == 1 && k == 3)  // in 16 bits, rounded, as Pillow has it
      to[i] = static_cast<std::uint8_t>((from[0] * 19595 + from[1] * 38470 + from[2] * 7471 + 0x8000) >> 16);
    else
      for (std::int64_t c = 0; c < channels; ++c) to[c * n + i] = from[k == 1 ? 0 : c];
  return Tensor(std::move(image));
}

template <class Decoder>
void decode(Picture& picture, const FilePlace& place) {
  Decoder decoder(picture);
  const bool done = decode(decoder, picture);
  if (!done) place.refuse(picture.why + (", at byte " + std::to_string(std::ftell(picture.file) - picture.unread)));
}

}  // namespace

Tensor read_image(const std::string& path, int channels, Site site) {
  if (channels != 1 && channels != 3)
    fail("read_image", std::to_string(channels) + " channels asked for, expected 1 or 3", site);
  return xtape::detail::reading({"read_image", path, site}, [&](const FilePlace& place) {
    const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    if (!file) place.refuse(std::string("it cannot be opened: ") + std::strerror(errno));
    unsigned char start[8];
    const std::size_t got = std::fread(start, 1, sizeof start, file.get());
    if (std::ferror(file.get())) place.refuse(std::string("it cannot be read: ") + std::strerror(errno));
    std::rewind(file.get());
    Picture picture;
    picture.file = file.get();
    struct stat about;
    if (fstat(fileno(file.get()), &about) == 0) picture.file_size = about.st_size;
    if (got == sizeof start && png_sig_cmp(start, 0, sizeof start) == 0) {
      decode<Png>(picture, place);
    } else if (got >= 3 && std::memcmp(start, "\xff\xd8\xff", 3) == 0) {
      decode<Jpeg>(picture, place);
    } else {
      std::string bytes;
      for (std::size_t i = 0; i < got; ++i) {
        char byte[4];
        std::snprintf(byte, sizeof byte, " %02x", start[i]);
        bytes += byte;
      }
      place.refuse("it is neither a PNG nor a JPEG file: its first bytes are" + (got ? bytes : " none"));
    }
    return in_channels(picture, channels, site);
  });
}

}  // namespace xtape::datasets
