#include "download.hpp"

#include <curl/curl.h>
#include <openssl/evp.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "gz.hpp"
#include "part_file.hpp"

namespace xtape::datasets {
namespace {

using Clock = std::chrono::steady_clock;

// The longest that all URLs together may stay silent. Leaves room for libcurl, which looks only once a second.
constexpr std::chrono::milliseconds patience_of_all{7000};

// The hash of what `read` gives, in hexadecimal.
std::string hash(const EVP_MD* kind, const std::string& path, const xtape::detail::Read& read) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  bool ok = context && EVP_DigestInit_ex(context.get(), kind, nullptr);
  std::vector<char> buffer(1 << 17);
  while (const std::size_t got = read(buffer.data(), buffer.size())) {
    ok = ok && EVP_DigestUpdate(context.get(), buffer.data(), got);
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ok = ok && EVP_DigestFinal_ex(context.get(), digest, &size);
  if (!ok) throw Error(path + ": libcrypto cannot compute its hash here");
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    char byte[3];
    std::snprintf(byte, sizeof byte, "%02x", digest[i]);
    hex += byte;
  }
  return hex;
}

// What is wrong with the content of `path`; empty when nothing is.
std::string fault(const std::string& path, const std::string& checksum) {
  const bool md5 = checksum.size() == 32;
  const xtape::detail::FilePlace place{"download", path, {}};
  try {
    std::string found;
    if (md5) {
      xtape::detail::InputFile file(place);
      found = hash(EVP_md5(), path, [&](char* to, std::size_t size) { return file.read(to, size); });
    } else {
      GzReader file(place);
      found = hash(EVP_sha256(), path, [&](char* to, std::size_t size) { return file.read(to, size); });
    }
    const char* what = md5 ? "MD5 of the file" : "SHA-256 of the unpacked file";
    return found == checksum ? "" : what + (" is " + found) + ", expected " + checksum;
  } catch (const Error& error) {
    return error.what();
  }
}

struct Transfer {
  PartFile& file;
  std::chrono::milliseconds patience;
  Clock::time_point last_progress = Clock::now();
  curl_off_t received = 0;
  int write_error = 0;
  bool silent = false;
};

std::size_t on_data(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.write_error = transfer.file.append(data, size);
  return transfer.write_error == 0 ? size : 0;
}

int on_progress(void* user, curl_off_t, curl_off_t received, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  const Clock::time_point now = Clock::now();
  if (received != transfer.received) transfer.received = received, transfer.last_progress = now;
  transfer.silent = now - transfer.last_progress > transfer.patience;
  return transfer.silent;
}

// Fetches what `file` lacks of `url`; returns what went wrong with the network, or nothing.
std::string fetch(const std::string& url, PartFile& file, std::chrono::milliseconds patience) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
  if (ready != CURLE_OK || !curl) return "libcurl does not start here";
  Transfer transfer{file, patience};
  char message[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, message);
  curl_easy_setopt(curl.get(), CURLOPT_RESUME_FROM_LARGE, curl_off_t{file.size()});
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, on_data);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &transfer);
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(curl.get(), CURLOPT_QUICK_EXIT, 1L);  // else it waits for the resolver, however long that takes
#endif
  const CURLcode code = curl_easy_perform(curl.get());
  if (transfer.write_error != 0) file.fail_to_write(transfer.write_error);
  const bool refused = code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME;
  if (refused && file.size() > 0) return file.clear(), fetch(url, file, patience);  // all of it, then
  if (transfer.silent) return "no data for " + std::to_string(patience.count()) + " ms";
  return code == CURLE_OK ? "" : *message ? message : curl_easy_strerror(code);
}

}  // namespace

void download(const std::vector<std::string>& urls, const std::string& path, const std::string& checksum, Site site) {
  const Scope scope(site);
  if (fault(path, checksum).empty()) return;
  const std::string directory = std::filesystem::path(path).parent_path().string();
  std::error_code failed;
  if (!directory.empty()) std::filesystem::create_directories(directory, failed);
  if (failed) fail("download", "cannot create the directory " + directory + ": " + failed.message());

  PartFile file("download", path, site);
  if (fault(path, checksum).empty()) return;  // fetched by another process meanwhile
  std::string reasons;
  for (const std::string& url : urls) {
    const bool resumed = file.size() > 0;
    const auto attempt = [&] {
      std::string reason = fetch(url, file, patience_of_all / urls.size());
      if (reason.empty() && !(reason = fault(file.name(), checksum)).empty()) file.clear();
      return reason;
    };
    std::string reason = attempt();
    if (resumed && !reason.empty() && file.size() == 0) reason = attempt();  // its beginning was of something else
    if (reason.empty()) return file.keep();
    reasons += (reasons.empty() ? "" : "; ") + url + ": " + reason;
  }
  throw DownloadError("download: cannot fetch " + path + ": " + (urls.empty() ? "no URL was given" : reasons));
}

}  // namespace xtape::datasets
