# frozen_string_literal: true

RSpec.describe Importers::Reading do
  let(:reader) do
    Class.new do
      include Importers::Reading
      def recorder
        Importers::Recorder.new(importer: "sample", root: Importers::ROOT, folder: nil)
      end
    end.new
  end

  it "reads money in English and Czech form" do
    expect(reader.money("$1,234.56")).to eq "1234.56"
    expect(reader.money("-£12.00")).to eq "-12.00"
    expect(reader.money("1 234,56 Kč", decimal: ",")).to eq "1234.56"
    expect(reader.money("NOK 11,253.96")).to eq "11253.96"
  end

  it "takes nothing for money that is none" do
    ["Nov 20, 2026", "free", "", "12.5"].each do |text|
      expect { reader.money(text) }.to raise_error(Importers::SourceChanged)
    end
  end

  it "reads meters with their unit" do
    expect(reader.reading("48,213 kWh")).to eq %w[48213 kWh]
    expect(reader.reading("4 595,4 m³", decimal: ",")).to eq ["4595.4", "m³"]
    expect { reader.reading("none") }.to raise_error(Importers::SourceChanged)
  end

  it "reads a period around a dash" do
    days = [Date.new(2026, 10, 1), Date.new(2026, 10, 31)]

    expect(reader.period("Oct 1, 2026 – Oct 31, 2026", "%b %d, %Y")).to eq days
    expect(reader.period("1. 10. 2026 – 31. 10. 2026", "%d. %m. %Y")).to eq days
    expect { reader.period("Oct 1, 2026", "%b %d, %Y") }.to raise_error(Importers::SourceChanged)
  end
end
