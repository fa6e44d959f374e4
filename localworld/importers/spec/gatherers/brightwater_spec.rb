# frozen_string_literal: true

RSpec.describe "brightwater" do
  it "reads each row of the bill table" do
    bills = gather("brightwater")

    expect(bills.map { |bill| bill[:amount] }).to eq %w[560.12 581.25 584.77 595.33 588.28 598.85]
    expect(bills.first).to include(
      account: "20-88412-07", period_start: "2026-10-01", period_end: "2026-10-31", due_date: "2026-11-23",
      currency: "USD", meter_reading: { value: "10101", unit: "CCF" }, pdf: "brightwater/2026-10-31.pdf"
    )
  end
end
