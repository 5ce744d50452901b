package dev.quern.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class DatasetTest {

  @TempDir Path folder;

  private Path images;
  private Path masks;

  @BeforeEach
  void makeFolders() throws IOException {
    images = Files.createDirectory(folder.resolve("images"));
    masks = Files.createDirectory(folder.resolve("masks"));
  }

  @Test
  void pairsByStemInOrder() throws IOException {
    for (String name : new String[] {"b", "a", "c"}) {
      ImageFiles.writeMask(images.resolve(name + ".png"), mask(4, 5));
      ImageFiles.writeMask(masks.resolve(name + ".PNG"), mask(4, 5));
    }
    Files.writeString(images.resolve("notes.txt"), "left alone");
    Files.writeString(images.resolve(".hidden.png"), "left alone");
    ImageFiles.writeMask(masks.resolve("unused.png"), mask(4, 5));
    FolderDataset set = FolderDataset.open(images, masks);
    assertEquals(3, set.size());
    assertEquals("a", set.name(0));
    assertEquals("c", set.sample(2).name());
    assertEquals(5, set.sample(2).image().width());
  }

  @Test
  void namesWhatIsWrongWithFolders() throws IOException {
    assertSays(() -> FolderDataset.open(images, masks), images.toString(), "no PNG or JPEG");
    assertSays(
        () -> FolderDataset.open(folder.resolve("nowhere"), masks), "nowhere", "not a folder");
    ImageFiles.writeMask(images.resolve("a.png"), mask(4, 5));
    ImageFiles.writeMask(masks.resolve("b.png"), mask(4, 5));
    assertSays(() -> FolderDataset.open(images, masks), "a.png", "has no mask");
    ImageFiles.writeMask(masks.resolve("a.png"), mask(4, 6));
    assertSays(() -> FolderDataset.open(images, masks).sample(0), "a.png", "6 x 4", "5 x 4");
    Files.copy(images.resolve("a.png"), images.resolve("a.jpg"));
    assertSays(() -> FolderDataset.open(images, masks), "a.png", "a.jpg");
  }

  @Test
  void splitsTheSameWayForTheSameSeed() {
    Dataset source = new SyntheticMicroscopy(17, 3, 0);
    Split one = Split.random(source, 0.2, 5);
    Split two = Split.random(source, 0.2, 5);
    assertEquals(3, one.validation().size());
    assertEquals(14, one.train().size());
    TreeSet<String> names = new TreeSet<>();
    for (int i = 0; i < 3; i++) {
      assertEquals(one.validation().name(i), two.validation().name(i));
      names.add(one.validation().name(i));
    }
    for (int i = 0; i < 14; i++) {
      names.add(one.train().name(i));
    }
    assertEquals(17, names.size());
    assertSays(() -> Split.random(source, 1, 5), "--val-fraction");
    assertSays(() -> Split.random(new SyntheticMicroscopy(1, 3, 0), 0.5, 5), "single image");
  }

  @Test
  void shufflesByEpoch() {
    assertArrayEquals(Shuffle.order(50, 1, 2), Shuffle.order(50, 1, 2));
    assertFalse(Arrays.equals(Shuffle.order(50, 1, 2), Shuffle.order(50, 1, 3)));
  }

  @Test
  void cacheKeepsWhatFits() {
    Dataset source = new SyntheticMicroscopy(3, 3, 0);
    long one = 5L * SyntheticMicroscopy.SIDE * SyntheticMicroscopy.SIDE;
    Dataset cached = new CachedDataset(source, 2 * one);
    Sample first = cached.sample(0);
    Sample second = cached.sample(1);
    Sample third = cached.sample(2);
    assertSame(first, cached.sample(0));
    assertSame(second, cached.sample(1));
    assertNotSame(third, cached.sample(2));
    assertArrayEquals(third.image().values(), cached.sample(2).image().values());
  }

  private static Mask mask(int height, int width) {
    return new Mask(height, width, new byte[height * width]);
  }

  private static void assertSays(Executable call, String... parts) {
    String message = String.valueOf(assertThrows(BadInputException.class, call).getMessage());
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }
}
