import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { BarGraph } from "../../src/status/BarGraph";

function heights(container: HTMLElement): number[] {
  return [...container.querySelectorAll("rect")].map((rect) => Number(rect.getAttribute("height")));
}

test("renders bars as high as their values, failures at the foot of them", () => {
  const { container } = render(
    <BarGraph
      label="Photos over time"
      bars={[
        { value: 40, failed: 10 },
        { value: 20, failed: 0 },
        { value: 0, failed: 0 },
      ]}
    />,
  );
  expect(screen.getByRole("img", { name: "Photos over time" })).toBeVisible();
  expect(heights(container)).toEqual([75, 25, 50, 0]);
});

test.each([[[]], [[{ value: 0, failed: 0 }]]])("doesn't crash where nothing was done %#", (bars) => {
  const { container } = render(<BarGraph label="Nothing" bars={bars} />);
  expect(heights(container).every((height) => height === 0)).toBe(true);
});

test("is left out for screen readers where the figures stand beside it", () => {
  const { container } = render(<BarGraph bars={[{ value: 0.5 }, { value: 0.25 }]} isSmall />);
  expect(screen.queryByRole("img")).not.toBeInTheDocument();
  expect(heights(container)).toEqual([100, 50]);
});
