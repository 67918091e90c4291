package org.zeroseg.core.segment;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;

/**
 * Takes pictures of any sizes through a network, which wants those that go together to be of one
 * size.
 */
public final class Batches {

  private Batches() {}

  /**
   * Computes something for every picture.
   *
   * @param pictures any number
   * @param size what the network sees of a picture's size
   * @param most how many pictures of a size go together, at least 1
   * @param compute takes pictures that share picture size and input size, and gives one result each
   * @param <R> a result
   * @return one result per picture, in the pictures' order
   */
  public static <R> List<R> map(
      List<Picture> pictures,
      Function<Picture, Sizes> size,
      ToIntFunction<Sizes> most,
      BiFunction<List<Picture>, Sizes, List<R>> compute) {
    Map<Sizes, List<Integer>> bySize = new LinkedHashMap<>();
    for (int i = 0; i < pictures.size(); i++) {
      Sizes sizes = size.apply(present(pictures, i));
      bySize.computeIfAbsent(sizes, key -> new ArrayList<>()).add(i);
    }
    List<R> results = new ArrayList<>(Collections.nCopies(pictures.size(), null));
    bySize.forEach(
        (sizes, members) -> {
          int together = most.applyAsInt(sizes);
          for (int from = 0; from < members.size(); from += together) {
            List<Integer> some = members.subList(from, Math.min(from + together, members.size()));
            List<R> found = compute.apply(some.stream().map(pictures::get).toList(), sizes);
            for (int i = 0; i < some.size(); i++) {
              results.set(some.get(i), found.get(i));
            }
          }
        });
    return results;
  }

  /**
   * Computes something for every picture, where those larger than a tile are looked at in tiles.
   *
   * @param pictures any number
   * @param tiles if there are any
   * @param large gives the result of a picture that takes several tiles
   * @param others gives one result each for all the rest
   * @param <R> a result
   * @return one result per picture, in the pictures' order
   */
  public static <R> List<R> tiled(
      List<Picture> pictures,
      Optional<Tiles> tiles,
      Function<Picture, R> large,
      Function<List<Picture>, List<R>> others) {
    if (tiles.isEmpty()) {
      return others.apply(pictures);
    }
    List<R> results = new ArrayList<>(Collections.nCopies(pictures.size(), null));
    List<Integer> rest = new ArrayList<>();
    for (int i = 0; i < pictures.size(); i++) {
      Picture picture = present(pictures, i);
      if (tiles.get().split(picture.width(), picture.height())) {
        results.set(i, large.apply(picture));
      } else {
        rest.add(i);
      }
    }
    List<R> found = others.apply(rest.stream().map(pictures::get).toList());
    for (int i = 0; i < found.size(); i++) {
      results.set(rest.get(i), found.get(i));
    }
    return results;
  }

  private static Picture present(List<Picture> pictures, int i) {
    return Objects.requireNonNull(
        pictures.get(i), "There is no picture " + i + " (it is null): was its file read?");
  }
}
