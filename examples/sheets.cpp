// Digits, and what the transforms of batches make of them, as sheets of pictures: digits.png,
// expanded.png, augmented.png and synthetic.png in the working directory.
#include <iostream>
#include <xtape.hpp>

#include "support/expect.hpp"
#include "support/sheet.hpp"
using namespace xtape;
using namespace xtape::datasets;

Tensor pictures(const Images& images) {
  auto [pixels, classes] = whole(images);
  return reshape(pixels, {-1, images.rows, images.cols});
}

int main() {
  return guarded([] {
    const Images train = mnist().train;
    write_sheet("digits.png", pictures(train.slice(0, 1000)), 40);
    write_sheet("synthetic.png", pictures(synthetic_digits(1000, 1)), 40);
    write_sheet("expanded.png", pictures(expanded(train.slice(0, 40))), 20);

    // A row of digits, and below it what each transform makes of them.
    const auto [pixels, classes] = whole(train.slice(0, 20));
    const Batch digits{reshape(pixels, {-1, 1, train.rows, train.cols}), classes};
    const Transform all[] = {
        shift(4),
        rotate(30),
        datasets::scale(0.6, 1.2),
        shear(30),
        elastic(34, 4),
        distort(DistortOptions().shift(2).rotate(15).elastic(34, 4)),
        compose({shift(2), rotate(15), elastic(34, 4)}),  // resampled three times: softer
        flip_horizontal(),
        crop(28, 28, CropOptions().padding(4)),
        erase(EraseOptions().value(0.5)),
        cutout(10, 0.5),
        noise(0.15),
        compose({datasets::one_hot(10), mixup(1)}),
        compose({datasets::one_hot(10), cutmix()}),
    };
    Tensors rows{digits.input};
    for (const Transform& transform : all) {
      rows.push_back(transform(digits).input);
      std::cout << transform.description() << "\n";
    }
    write_sheet("augmented.png", reshape(concat(rows), {-1, train.rows, train.cols}), 20);

    // What only bends a digit keeps about as much ink.
    const double ink = mean(rows[6]).item() / mean(rows[0]).item();
    expect_at_least("ink of the distorted digits", ink, 0.9);
    expect_at_most("ink of the distorted digits", ink, 1.1);
  });
}
