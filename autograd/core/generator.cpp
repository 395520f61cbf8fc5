#include "generator.hpp"

#include <utility>

#include "keyed_randomness.hpp"
#include "next_stream.hpp"
#include "operation.hpp"
#include "watch.hpp"

namespace xtape {

using namespace detail;

namespace {

using State = std::shared_ptr<RandomGenerator::State>;

RandomGenerator& shared_generator() {
  static RandomGenerator generator;
  return generator;
}
thread_local RandomGenerator* keyed = nullptr;  // what this thread draws from in its place

// Operations name the shared generator, so that a replay draws from what is in its place then.
State name_of(const State& state) { return keyed && state == keyed->state() ? shared_generator().state() : state; }
RandomGenerator::State& in_place_of(const State& state) {
  return keyed && state == shared_generator().state() ? *keyed->state() : *state;
}

// What an operation does to a generator, besides computing.
struct Effect : ListOperation {
  Effect(const char* op, Site site, const State& state) : ListOperation(op, site, 0), state(name_of(state)) {}
  bool reads(std::uint32_t, std::uint32_t) const override { return false; }
  bool pure() const override { return false; }

  const State state;
};

struct NextStream final : Effect {
  NextStream(const State& state, Site site) : Effect("next_stream", site, state) {}
  static Ref<Array> next(RandomGenerator::State& state) {
    Ref<Array> key = make_array(int64, Shape{2});
    key->at<std::int64_t>()[0] = static_cast<std::int64_t>(state.seed);
    key->at<std::int64_t>()[1] = static_cast<std::int64_t>(state.next++);
    return key;
  }

  Ref<Array> run(const Array* const*) const override { return next(in_place_of(state)); }
  Ref<Operation> twin() const override { return make_node<NextStream>(state, site); }
  void undo() const override { --in_place_of(state).next; }
};

// Seeds a generator; one that was `made` with this seed only when a replay makes it again, which is so if it did not
// outlive the recording.
struct Seeding final : Effect {
  Seeding(const State& state, Site site, std::uint64_t seed, bool made)
      : Effect("manual_seed", site, state), seed(seed), made(made), seed_before(now().seed), next_before(now().next) {}

  RandomGenerator::State& now() const { return in_place_of(state); }
  Ref<Array> run(const Array* const*) const override {
    if (!made || state->gone) now().seed = seed, now().next = 0;
    return make_array(int64, Shape{0});
  }
  Ref<Operation> twin() const override {
    Ref<Seeding> twin = make_node<Seeding>(state, site, seed, made);
    twin->seed_before = seed_before;
    twin->next_before = next_before;
    return twin;
  }
  void undo() const override { now().seed = seed_before, now().next = next_before; }

  const std::uint64_t seed;
  const bool made;
  std::uint64_t seed_before, next_before;
};

}  // namespace

Tensor next_stream(RandomGenerator& generator, Site site) {
  if (mode & noted) note_inside(make_node<NextStream>(generator.state(), user_site(site)));
  if (!(mode & watched)) return Tensor(NextStream::next(in_place_of(generator.state())));
  return execute_list(make_node<NextStream>(generator.state(), user_site(site)), {});
}

RandomGenerator::RandomGenerator(std::uint64_t seed) : state_(std::make_shared<State>()) {
  state_->seed = seed;
  if (mode & watched) execute_list(make_node<Seeding>(state_, user_site({}), seed, true), {});
}
RandomGenerator::~RandomGenerator() { state_->gone = true; }
void RandomGenerator::manual_seed(std::uint64_t seed) {
  if (!(mode & (watched | noted))) {
    State& now = in_place_of(state_);
    now.seed = seed, now.next = 0;
    return;
  }
  Ref<Seeding> node = make_node<Seeding>(state_, user_site({}), seed, false);
  if (mode & noted) note_inside(node->twin());
  execute_list(std::move(node), {});
}

RandomGenerator& default_generator() { return keyed ? *keyed : shared_generator(); }
void manual_seed(std::uint64_t seed) { default_generator().manual_seed(seed); }

KeyedRandomness::KeyedRandomness(std::uint64_t seed, std::uint64_t next) : outer_(keyed != nullptr) {
  thread_local std::unique_ptr<RandomGenerator> own;
  if (!own) {
    const unsigned before = std::exchange(mode, 0);  // nobody who watches the thread is told of it
    own = std::make_unique<RandomGenerator>();
    mode = before;
  }
  RandomGenerator::State& state = *own->state();
  outer_seed_ = state.seed, outer_next_ = state.next;
  state.seed = seed, state.next = next;
  keyed = own.get();
}
KeyedRandomness::~KeyedRandomness() {
  keyed->state()->seed = outer_seed_, keyed->state()->next = outer_next_;
  if (!outer_) keyed = nullptr;
}

}  // namespace xtape
