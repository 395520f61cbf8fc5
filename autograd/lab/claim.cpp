#include "claim.hpp"

#include "text.hpp"

namespace xtape::lab {

std::string to_string(const Claim& claim) {
  const std::string bounds = "(" + figure(claim.low) + ", " + figure(claim.high) + ")";
  switch (claim.kind) {
    case Claim::Kind::sound: return "sound";
    case Claim::Kind::finite: return "finite";
    case Claim::Kind::continuous: return "continuous";
    case Claim::Kind::differentiable: return "differentiable";
    case Claim::Kind::smooth: return "smooth";
    case Claim::Kind::increasing: return "increasing";
    case Claim::Kind::decreasing: return "decreasing";
    case Claim::Kind::monotone: return "monotone";
    case Claim::Kind::odd: return "odd";
    case Claim::Kind::even: return "even";
    case Claim::Kind::bounded: return "bounded" + bounds;
    case Claim::Kind::chi1: return "chi1" + bounds;
    case Claim::Kind::gain: return "gain" + bounds;
    case Claim::Kind::convex: return "convex";
    case Claim::Kind::least_at_target: return "least_at_target";
  }
  return {};
}

}  // namespace xtape::lab
