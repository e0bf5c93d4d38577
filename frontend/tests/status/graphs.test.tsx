import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { BarGraph } from "../../src/status/BarGraph";
import { LineGraph, pathOf } from "../../src/status/LineGraph";

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
  expect(heights(container)).toEqual([75, 25, 50, 0, 0, 0]);
});

test.each([[[]], [[{ value: 0, failed: 0 }]]])("doesn't crash where nothing was done %#", (bars) => {
  const { container } = render(<BarGraph label="Nothing" bars={bars} />);
  expect(heights(container).every((height) => height === 0)).toBe(true);
});

test("a line goes through neighbours and leaves gaps", () => {
  expect(pathOf([100, 50, undefined, 25, undefined], 1)).toBe("M0 0h1L2 50M3 75h1");
});

test.each([[[]], [[undefined]], [[0, 0]]])("a line of nothing %#", (values) => {
  const { container } = render(<LineGraph values={values} />);
  expect(container.innerHTML).not.toMatch(/NaN|Infinity/);
});
