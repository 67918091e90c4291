package org.zeroseg.core.tensor;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Fused tensor operations, written as readable TorchScript in a resource file and run by the
 * PyTorch engine on whatever device their arguments are on.
 *
 * <p>A resource holds a class {@code K} whose methods take and return tensors only. Integers travel
 * as shapes or as small tensors. Instances are thread-safe and live as long as the process; the
 * source is compiled once a device.
 */
public final class Kernels {

  private static final Kernels CORE = withDense(Kernels.class, "kernels.torchscript");

  private final byte[] archive;
  private final String name;
  private final Map<Device, Compiled> compiled = new ConcurrentHashMap<>();

  private Kernels(String name, byte[] archive) {
    this.name = name;
    this.archive = archive;
  }

  /**
   * The kernels that every method shares: attention, transformer blocks, sampling, interpolation.
   *
   * @return the core kernels
   */
  public static Kernels core() {
    return CORE;
  }

  /**
   * Kernels from a resource file.
   *
   * @param owner the class beside which the resource lies
   * @param resource its file name
   * @return the kernels; compiled at their first call on a device
   */
  public static Kernels of(Class<?> owner, String resource) {
    return new Kernels(resource, archive(source(owner, resource)));
  }

  /**
   * Kernels from a resource file that call {@code dense}, the linear layer whose weight may be
   * integers.
   *
   * @param owner the class beside which the resource lies
   * @param resource its file name
   * @return the kernels; compiled at their first call on a device
   */
  public static Kernels withDense(Class<?> owner, String resource) {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(source(owner, resource));
    both.writeBytes(source(Kernels.class, "dense.torchscript"));
    return new Kernels(resource, archive(both.toByteArray()));
  }

  private static byte[] source(Class<?> owner, String resource) {
    try (InputStream source = owner.getResourceAsStream(resource)) {
      if (source == null) {
        throw new IllegalArgumentException("No resource " + resource + " beside " + owner);
      }
      return source.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read kernels " + resource, e);
    }
  }

  /**
   * Numbers that kernels read, such as strides: on the CPU whatever the manager's device, since
   * reading a number stalls a GPU that holds it.
   *
   * @param manager the numbers live as long as it does
   * @param values the numbers
   * @return float64 {@code [n]}
   */
  public static NDArray numbers(NDManager manager, double... values) {
    boolean host = manager.getDevice().equals(Device.cpu());
    return (host ? manager : manager.newSubManager(Device.cpu())).create(values);
  }

  /**
   * A tensor times a number, differentiable. Not {@code x.mul(number)}: the engine's arithmetic
   * with numbers gives their memory back at once, although the backward pass of a product, a
   * quotient or a power reads it.
   *
   * @param x of any shape
   * @param factor the number
   * @return {@code factor x}, recording gradients
   */
  public static NDArray scaled(NDArray x, double factor) {
    return CORE.differentiable("scaled", x, numbers(x.getManager(), factor));
  }

  /**
   * Calls a kernel without recording gradients.
   *
   * @param kernel the method's name
   * @param arguments its tensors; the result belongs to the manager of the first, so this must be
   *     an array of the call, never a weight
   * @return the result
   */
  public NDArray call(String kernel, NDArray... arguments) {
    return forward(kernel, false, arguments).singletonOrThrow();
  }

  /**
   * Calls a kernel that returns several tensors, without recording gradients.
   *
   * @param kernel the method's name
   * @param arguments its tensors; the results belong to the manager of the first
   * @return the results in order
   */
  public NDList callAll(String kernel, NDArray... arguments) {
    return forward(kernel, false, arguments);
  }

  /**
   * Calls a kernel through which gradients flow into every argument that asks for them.
   *
   * @param kernel the method's name
   * @param arguments its tensors; the result belongs to the manager of the first
   * @return the result
   */
  public NDArray differentiable(String kernel, NDArray... arguments) {
    return forward(kernel, true, arguments).singletonOrThrow();
  }

  /**
   * Calls a kernel that returns several tensors, through which gradients flow.
   *
   * @param kernel the method's name
   * @param arguments its tensors; the results belong to the manager of the first
   * @return the results in order
   */
  public NDList differentiableAll(String kernel, NDArray... arguments) {
    return forward(kernel, true, arguments);
  }

  private NDList forward(String kernel, boolean gradients, NDArray... arguments) {
    Compiled onDevice = compiled.computeIfAbsent(arguments[0].getDevice(), this::compile);
    NDList inputs = new NDList(arguments);
    inputs.add(onDevice.marker(kernel));
    return onDevice.model.getBlock().forward(onDevice.parameters, inputs, gradients);
  }

  private Compiled compile(Device device) {
    Model model = TorchEngine.get().newModel("kernels", device);
    try {
      model.load(new ByteArrayInputStream(archive));
    } catch (IOException | MalformedModelException e) {
      throw new IllegalStateException("Cannot compile kernels " + name, e);
    }
    NDManager manager = TorchEngine.newManager(device);
    return new Compiled(
        model, manager, new ParameterStore(manager, false), new ConcurrentHashMap<>());
  }

  /** The strong reference to the model matters: it closes itself when it is garbage-collected. */
  private record Compiled(
      Model model, NDManager manager, ParameterStore parameters, Map<String, NDArray> markers) {

    /** One cached array a kernel: an array made per call in a long-lived manager leaks. */
    NDArray marker(String kernel) {
      return markers.computeIfAbsent(
          kernel,
          method -> {
            NDArray marker = manager.zeros(new Shape(1));
            marker.setName("module_method:" + method);
            return marker;
          });
    }
  }

  /** A TorchScript archive: a zip of source text and two tiny pickles. */
  private static byte[] archive(byte[] source) {
    ByteArrayOutputStream state = new ByteArrayOutputStream();
    state.writeBytes(new byte[] {(byte) 0x80, 2, 'c'}); // protocol 2; global __torch__.K
    state.writeBytes("__torch__\nK\n".getBytes(StandardCharsets.US_ASCII));
    state.writeBytes(new byte[] {'q', 0, ')', (byte) 0x81, '}', 'b', '.'}); // K() with state {}
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      put(zip, "k/data.pkl", state.toByteArray());
      put(zip, "k/code/__torch__.py", source);
      put(zip, "k/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'}); // an empty tuple
      put(zip, "k/version", "10\n".getBytes(StandardCharsets.US_ASCII)); // GELU by tanh needs 9
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nothing is written but memory
    }
    return bytes.toByteArray();
  }

  private static void put(ZipOutputStream zip, String entryName, byte[] content)
      throws IOException {
    ZipEntry entry = new ZipEntry(entryName);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
