package org.zeroseg.namedmask;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.DenseClip;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.ResNetEncoder;

/**
 * Features of the cells of pictures, which {@link ReCo} compares: DeiT's as published, or those of
 * DINO, MoCo, SwAV or CLIP. Thread-safe; close it, or the {@link ReCo} that it was given to.
 */
public interface DenseEncoder extends AutoCloseable {

  /**
   * The features of a picture's cells.
   *
   * @param height cells from top to bottom
   * @param width cells from left to right
   * @param values {@code [height width, C]}, row by row
   */
  @SuppressWarnings("ArrayRecordComponent") // large, and never compared
  record Cells(int height, int width, float[] values) {}

  /**
   * Side of a cell; pictures are at least as large.
   *
   * @return pixels
   */
  int stride();

  /**
   * Computes the features of several pictures.
   *
   * @param pictures of one size
   * @return one result a picture
   */
  List<Cells> encode(List<Picture> pictures);

  @Override
  void close();

  /**
   * An encoder of any kind, which the checkpoint's tensors tell: DeiT with a distillation token,
   * DINO's vision transformer, the ResNet-50 of DINO, MoCo, SwAV or torchvision, or a CLIP.
   *
   * @param pathOrId a file, a folder or an id on the hub
   * @param hub where ids are looked up
   * @param device where to compute
   * @return to be closed
   * @throws IOException if the model cannot be fetched
   * @throws CheckpointException if the checkpoint holds none of these
   */
  static DenseEncoder open(String pathOrId, ModelHub hub, Device device) throws IOException {
    try (Checkpoint stored = Checkpoints.open(hub.weights(pathOrId))) {
      Set<String> names = stored.tensors().keySet();
      if (names.stream().anyMatch(name -> name.endsWith("dist_token"))) {
        return DeiT.encoder(stored, device);
      }
      if (!names.stream().anyMatch(name -> name.matches("(.*\\.)?(visual|vision_model)\\..*"))) {
        if (names.stream().anyMatch(name -> name.endsWith("cls_token"))) {
          return of(Dino.of(stored, device));
        }
        if (names.stream().anyMatch(name -> name.endsWith("layer4.0.conv1.weight"))) {
          return of(ResNetEncoder.of(stored, device));
        }
        throw new CheckpointException(
            stored.source() + " holds no encoder: a DeiT, a DINO, a ResNet-50 or a CLIP");
      }
    }
    return of(Clip.load(pathOrId, hub, Precision.FLOAT32, device));
  }

  /**
   * The published encoder: DeiT-S/16 trained on Stylized ImageNet, with its distillation token.
   *
   * @param pathOrId a file such as {@code deit_s_sin_dist.pth}, or an id on the hub
   * @param hub where ids are looked up
   * @param device where to compute
   * @return to be closed
   * @throws IOException if the model cannot be fetched
   * @throws CheckpointException if the checkpoint holds no such transformer
   */
  static DenseEncoder deit(String pathOrId, ModelHub hub, Device device) throws IOException {
    try (Checkpoint stored = Checkpoints.open(hub.weights(pathOrId))) {
      return DeiT.encoder(stored, device);
    }
  }

  /**
   * DINO's patches after the final norm.
   *
   * @param dino closed with the encoder, unless lent
   * @return the encoder
   */
  static DenseEncoder of(Dino dino) {
    return new Encoders.Wrapped(
        dino.config().patch(),
        pictures ->
            dino.patches(pictures).stream()
                .map(map -> new Cells(map.grid().rows(), map.grid().columns(), map.values()))
                .toList(),
        dino::close);
  }

  /**
   * The last stage of MoCo's, SwAV's, DINO's or a supervised ResNet-50, at stride 8.
   *
   * @param network closed with the encoder
   * @return the encoder
   */
  static DenseEncoder of(ResNetEncoder network) {
    return new Encoders.Wrapped(
        8,
        pictures -> pictures.stream().map(picture -> Encoders.cells(network, picture)).toList(),
        network::close);
  }

  /**
   * CLIP's dense features in its joint space ({@link DenseClip}).
   *
   * @param clip closed with the encoder, unless lent
   * @return the encoder
   */
  static DenseEncoder of(Clip clip) {
    DenseClip dense = clip.dense();
    return new Encoders.Wrapped(
        dense.stride(),
        pictures ->
            clip.compute(
                (model, call) -> {
                  NDArray pixels = Normalization.CLIP.pixels(call, pictures);
                  DenseClip.Features found = dense.features(pixels, false);
                  return Encoders.cellsOf(found.features(), found.height(), found.width());
                }),
        clip::close);
  }
}
