# frozen_string_literal: true

RSpec.describe "northgas" do
  it "walks from the user name to each bill's page" do
    bills = gather("northgas")

    expect(bills.map { |bill| bill[:amount] }).to eq %w[312.50 171.13 112.92 111.95]
    expect(bills.first).to include(
      account: "8504 2219 6630", period_start: "2026-10-01", period_end: "2026-10-31", due_date: "2026-11-23",
      currency: "GBP", meter_reading: { value: "261319", unit: "kWh" }
    )
  end
end
