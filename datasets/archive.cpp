#include "archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <autograd/files/new_file.hpp>
#include <filesystem>
#include <memory>
#include <vector>

namespace xtape::datasets {

void unpack(const std::string& path, const std::string& directory) {
  const std::unique_ptr<::archive, decltype(&archive_read_free)> in(archive_read_new(), archive_read_free);
  const auto check = [&](la_ssize_t code) {
    if (code >= ARCHIVE_WARN) return;
    const char* why = in ? archive_error_string(in.get()) : nullptr;
    fail("unpack", path + ": " + (why ? why : "it cannot be read") + ", expected a whole .zip or .tar.gz archive");
  };
  check(in ? ARCHIVE_OK : ARCHIVE_FATAL);
  check(archive_read_support_filter_gzip(in.get()));
  check(archive_read_support_format_tar(in.get()));
  check(archive_read_support_format_zip(in.get()));
  check(archive_read_open_filename(in.get(), path.c_str(), 1 << 17));
  std::vector<char> bytes(1 << 17);
  for (archive_entry* entry = nullptr;;) {
    const int code = archive_read_next_header(in.get(), &entry);
    if (code == ARCHIVE_EOF) return;
    check(code);
    const char* name = archive_entry_pathname(entry);
    if (archive_entry_filetype(entry) != AE_IFREG || !name) continue;
    NewFile file("unpack", (std::filesystem::path(directory) / std::filesystem::path(name).filename()).string());
    la_ssize_t got;
    while ((got = archive_read_data(in.get(), bytes.data(), bytes.size())) > 0)
      file.write(bytes.data(), static_cast<std::size_t>(got));
    check(got);
    file.keep();
  }
}

}  // namespace xtape::datasets
